"""The team's pages of inscriptions: the list with its filters in the address, one of them, refusal, and the CSV."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from math import ceil
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from chassis.web.french import PARIS
from chassis.web.pages import Db, PageError, page, see_other, team
from contracts.events import InscriptionRecue
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from registration import use_cases
from registration.domain import Campagne, EtatInscription
from registration.http.frame import text_of
from registration.repository import campagnes, equipe, inscriptions, suivi
from registration.repository.equipe import PAGE, Filtres, Ligne

router = APIRouter(prefix="/inscriptions", dependencies=[Depends(team)])

COLUMNS: Final = (
    "inscription", "prenom", "nom", "email", "qualite", "collectivite", "departement", "taille", "thematique", "etat",
    "motif", "recue_le", "decision",
)  # fmt: skip
MOTIF_MAX: Final = 200
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")

Short = Annotated[str, Query(max_length=200)]


def filtres(
    *,
    campagne: Short = "",
    q: Short = "",
    thematique: Short = "",
    etat: Short = "",
    qualite: Short = "",
    taille: Short = "",
    tri: Short = "recentes",
) -> Filtres:
    """Read the filters of the address."""
    clean = (text.replace("\x00", "") for text in (campagne, q, thematique, etat, qualite, taille, tri))
    return Filtres(*clean)


Wanted = Annotated[Filtres, Depends(filtres)]


async def _with_campagne(connection: AsyncConnection, wanted: Filtres) -> tuple[Filtres, list[Campagne]]:
    """Return the filters with their campagne: the one that was asked for, or the latest."""
    every = await campagnes.all_of_them(connection)
    if wanted.campagne or not every:
        return wanted, every
    return replace(wanted, campagne=every[0].code), every


def _address(wanted: Filtres) -> str:
    """Return the filters as a query string."""
    return urlencode({name: value for name in Filtres.__dataclass_fields__ if (value := getattr(wanted, name))})


@router.get("")
async def listing(
    request: Request, db: Db, asked: Wanted, page_: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1
) -> Response:
    async with db.read() as connection:
        wanted, every = await _with_campagne(connection, asked)
        rows, total = await equipe.page_of(connection, wanted, page_)
    return page(
        request,
        "inscriptions.html",
        filtres=wanted,
        campagnes=every,
        campagne=next((one for one in every if one.code == wanted.campagne), None),
        lignes=rows,
        total=total,
        page=page_,
        pages=ceil(total / PAGE),
        adresse=_address(wanted),
    )


@router.get("/export.csv")
async def export(db: Db, asked: Wanted) -> Response:
    async with db.read() as connection:
        wanted, _ = await _with_campagne(connection, asked)

    async def lines() -> AsyncIterator[str]:
        yield "\ufeff" + _csv_line(COLUMNS)
        async with db.read() as connection:
            async for row in equipe.stream(connection, wanted):
                yield _csv_line(_csv_cells(row))

    name = f"inscriptions-{wanted.campagne or 'toutes'}.csv".encode("ascii", "ignore").decode().replace('"', "")
    return StreamingResponse(
        lines(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _csv_cells(row: Ligne) -> tuple[str, ...]:
    return (
        str(row.id), row.prenom, row.nom, row.email, row.qualite, row.collectivite, row.departement, row.taille,
        row.thematique, row.etat, row.phrase or "", row.recue_le.astimezone(PARIS).isoformat(timespec="seconds"),
        row.decision or "",
    )  # fmt: skip


def _csv_line(cells: tuple[str, ...]) -> str:
    """Write one line for a French spreadsheet; a cell that it would take for a formula begins with an apostrophe."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerow(
        f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for cell in cells
    )
    return buffer.getvalue()


@router.get("/{inscription}")
async def detail(request: Request, inscription: UUID, db: Db) -> Response:
    return await _detail(request, inscription, db, erreurs={}, motif="")


async def _detail(
    request: Request, inscription: UUID, db: Db, *, erreurs: dict[str, str], motif: str, status: int = 200
) -> Response:
    async with db.read() as connection:
        row = await equipe.get_line(connection, inscription)
        followed = await suivi.get(connection, inscription)
        demande = await inscriptions.get_demande(connection, inscription)
        campagne = await campagnes.get(connection, str(demande["campagne"])) if demande else None
    if row is None or demande is None:
        raise PageError(404, "Inscription introuvable", "Elle n’existe pas, ou n’a pas encore été reçue.")
    return page(
        request,
        "inscription.html",
        status=status,
        ligne=row,
        demande=InscriptionRecue.model_validate(demande),
        suivi=followed,
        campagne=campagne,
        peut_refuser=row.etat == EtatInscription.VALIDEE,
        motif=motif,
        erreurs=erreurs,
    )


@router.post("/{inscription}/refuser")
async def refuse(request: Request, inscription: UUID, db: Db) -> Response:
    motif = text_of(await request.form(), "motif")
    if not motif or len(motif) > MOTIF_MAX:
        sentence = f"Écrivez en une phrase pourquoi, en {MOTIF_MAX} caractères au plus."
        return await _detail(request, inscription, db, erreurs={"motif": sentence}, motif=motif, status=422)
    try:
        async with db.transaction() as tx:
            await use_cases.refuse_inscription(tx, inscription, motif)
    except use_cases.NotPossible as error:
        raise PageError(409, "L’inscription n’a pas été refusée", str(error)) from None
    return see_other(request, f"/inscriptions/{inscription}")
