"""The team's pages of a draft: what they show, and what their forms do."""

from typing import Any
from uuid import UUID

from chassis.testing import post_form, words

MARDI, JEUDI = "mardi-matin", "jeudi-matin"
CAMPAGNE = "/groupes/campagnes/printemps-2027"


async def season(table: Any) -> UUID:
    await table.invite(*range(1, 19))
    placed = {(MARDI, 1): range(1, 6), (MARDI, 2): range(6, 11), (JEUDI, 1): range(11, 15)}
    proposition: UUID = await table.propose(placed, waiting=[16, 17, 15, 18])
    return proposition


async def test_a_draft_says_how_good_it_is_and_which_groupes_are_fragile(table: Any) -> None:
    await season(table)
    await table.withdraw(11)
    async with table.signed_in() as web:
        shown = words(await web.get(CAMPAGNE))
        assert "3 personnes, sous le minimum de 4" in shown
        assert "Groupes complets sur leurs créneaux : 4 personnes" in shown
        assert "Petites 10 sur 12 7 2" in shown
        watched = words(await web.get(f"{CAMPAGNE}?surveiller=1"))
        assert "1 groupe." in watched
        assert "2 groupes." in words(await web.get(f"{CAMPAGNE}?creneau={MARDI}"))
        assert "Aucun groupe ne correspond" in words(await web.get(f"{CAMPAGNE}?surveiller=1&creneau={MARDI}"))


async def test_the_list_of_who_waits_is_filtered_by_reason(table: Any) -> None:
    proposition = await season(table)
    await table.move(proposition, 1)
    async with table.signed_in() as web:
        shown = words(await web.get(f"{CAMPAGNE}/attente?motif=attente.equipe"))
        assert "1 personne." in shown
        assert "Dominique Numéro 1 " in shown
        assert "5 personnes." in words(await web.get(f"{CAMPAGNE}/attente"))


async def test_a_person_is_found_moved_exchanged_and_moved_back(table: Any) -> None:
    proposition = await season(table)
    draft = f"/groupes/propositions/{proposition}"
    async with table.signed_in() as web:
        found = await web.get(f"{draft}/personnes?q=commune 16")
        assert f"{draft}/personnes/{table.person(16)}" in found.text
        assert "Personne ne correspond" in words(await web.get(f"{draft}/personnes?q=100%25"))
        person = f"{draft}/personnes/{table.person(16)}"
        before = words(await web.get(person))
        assert "1re position" in before
        assert "Mieux Une personne de plus a une place." in before
        move = {"version": 0, "inscription": table.person(16), "vers": table.groupe(proposition, MARDI, 1)}
        assert "a une place dans le groupe" in words(await post_form(web, f"{draft}/deplacer", move))
        again = await post_form(web, f"{draft}/deplacer", move)
        assert again.status_code == 409
        assert "a changé entre-temps" in words(again)
        full = words(await web.get(f"{draft}/personnes/{table.person(17)}?creneau={MARDI}"))
        assert "Impossible Le groupe d’arrivée compte 7 personnes" in full
        exchange = await web.get(f"{draft}/personnes/{table.person(16)}/echange")
        assert "Dominique Numéro 17" in exchange.text
        swap = {"version": 1, "inscription": table.person(16), "contre": table.person(17)}
        assert "1re position" in words(await post_form(web, f"{draft}/deplacer", swap))
        assert "2 mouvements à la main" in words(await web.get(f"{draft}/mouvements"))
        undone = words(await post_form(web, f"{draft}/annuler", {"version": 2}))
        assert "Rétablir le mouvement annulé" in undone
        redone = words(await post_form(web, f"{draft}/retablir", {"version": 3}))
        assert "Rétablir" not in redone
        assert (await post_form(web, f"{draft}/retablir", {"version": 4})).status_code == 409


async def test_a_place_is_fixed_and_freed_on_the_person_s_page(table: Any) -> None:
    proposition = await season(table)
    draft = f"/groupes/propositions/{proposition}"
    async with table.signed_in() as web:
        fixed = await post_form(web, f"{draft}/fixer", {"inscription": table.person(1), "etendue": "groupe"})
        assert "Mardi matin, groupe 1" in words(fixed)
        assert "Libérez-la pour déplacer cette personne" in fixed.text
        assert "Déplacer" not in fixed.text
        assert "Place fixée" in (await web.get(CAMPAGNE)).text
        freed = await post_form(web, f"{draft}/liberer", {"inscription": table.person(1)})
        assert "Fixer dans ce créneau" in freed.text
        waiting = await post_form(web, f"{draft}/fixer", {"inscription": table.person(16)})
        assert waiting.status_code == 409


async def test_two_propositions_are_compared_by_figures_and_by_people(table: Any) -> None:
    first = await season(table)
    placed = {(MARDI, 1): [1, 2, 3, 4, 16], (JEUDI, 1): [6, 7, 11, 12, 13, 14]}
    second = await table.propose(placed, waiting=[5, 8, 10, 17, 9, 15, 18])
    async with table.signed_in() as web:
        page = f"{CAMPAGNE}/comparer?avant={first}&apres={second}"
        shown = words(await web.get(page))
        assert "Personnes placées 14 11" in shown
        assert "Placées dans A seulement (4) Placées dans B seulement (1) Sur un autre créneau (2)" in shown
        assert "Dominique Numéro 5 Commune 5 L’eau, mardi-matin 1 Sans place" in shown
        gained = words(await web.get(f"{page}&genre=gagnee"))
        assert "Dominique Numéro 16 Commune 16 Sans place" in gained
        assert "Une proposition plus récente existe" in words(await web.get(f"{CAMPAGNE}?proposition={first}"))
        confirm = await web.get(f"{CAMPAGNE}/publier?proposition={first}")
        assert "qui n’est pas la plus récente" in words(confirm)
        await post_form(web, f"{CAMPAGNE}/publier", {"proposition": first, "version": 0})
        assert "Groupes publiés" in words(await web.get(CAMPAGNE))
        assert (await web.get(f"/groupes/propositions/{second}/personnes")).status_code == 404


async def test_the_confirmation_sums_up_what_publishing_does(table: Any) -> None:
    proposition = await season(table)
    await table.move(proposition, 13, contre=16)
    async with table.signed_in() as web:
        shown = words(await web.get(f"{CAMPAGNE}/publier"))
    assert "Personnes prévenues 18 personnes" in shown
    assert "environ 74, dont 56 invitations" in shown
    assert "Déplacées à la main 2 personnes" in shown


async def test_addresses_that_lead_nowhere_say_so(table: Any) -> None:
    proposition = await season(table)
    draft = f"/groupes/propositions/{proposition}"
    async with table.signed_in() as web:
        for path in (
            f"/groupes/propositions/{table.person(1)}/mouvements",
            f"{draft}/personnes/{proposition}",
            f"{draft}/personnes/{table.person(16)}/echange",
            f"{draft}/personnes/{table.person(1)}/echange?groupe={table.groupe(proposition, MARDI, 1)}",
            f"{CAMPAGNE}/comparer",
        ):
            assert (await web.get(path)).status_code == 404
