// What a page gains when scripts run. Everything here has its way without: the page works as it is sent.

const ANNONCES = document.getElementById("annonces");
const PAUSE_SAISIE_MS = 180;
const PAUSE_SUIVI_MS = 1000;
const GARDE_ENVOI_MS = 4000;

function annoncer(texte) {
  if (ANNONCES) ANNONCES.textContent = texte;
}

function creer(nom, attributs = {}, texte = "") {
  const element = document.createElement(nom);
  for (const [cle, valeur] of Object.entries(attributs)) element.setAttribute(cle, valeur);
  element.textContent = texte;
  return element;
}

// --- errors: what is wrong is read first ---
document.querySelector("[data-resume-erreurs]")?.focus();

// --- a form is sent once: a second click within a few seconds is ignored, coming back frees it ---
document.addEventListener("submit", (evenement) => {
  const formulaire = evenement.target;
  if (evenement.defaultPrevented || formulaire.method !== "post") return;
  if (Date.now() - Number(formulaire.dataset.envoye ?? 0) < GARDE_ENVOI_MS) {
    evenement.preventDefault();
    return;
  }
  formulaire.dataset.envoye = Date.now();
  const bouton = evenement.submitter;
  bouton?.setAttribute("aria-disabled", "true");
  setTimeout(() => bouton?.removeAttribute("aria-disabled"), GARDE_ENVOI_MS);
});

window.addEventListener("pageshow", () => {
  for (const formulaire of document.forms) delete formulaire.dataset.envoye;
  for (const bouton of document.querySelectorAll("form [aria-disabled]")) bouton.removeAttribute("aria-disabled");
});

// --- text areas: how many characters are left ---
for (const zone of document.querySelectorAll("textarea[data-longueur]")) {
  const compteur = zone.parentElement.querySelector(".compteur");
  const compter = () => {
    const reste = Number(zone.dataset.longueur) - zone.value.length;
    const signes = Math.abs(reste) > 1 ? "caractères" : "caractère";
    compteur.textContent = reste >= 0 ? `${reste} ${signes} au plus` : `${-reste} ${signes} de trop`;
  };
  zone.addEventListener("input", compter);
  if (zone.value) compter();
}

// --- data-suivre: a state that changes by itself, until the server says that it is final ---
async function suivre(bloc) {
  let pause = PAUSE_SUIVI_MS;
  while (bloc.isConnected && bloc.hasAttribute("data-en-cours")) {
    await new Promise((suite) => setTimeout(suite, pause));
    if (document.hidden) continue;
    try {
      const reponse = await fetch(bloc.dataset.suivre, { headers: { "X-Fragment": "1" } });
      if (!reponse.ok) throw new Error(reponse.statusText);
      const fragment = (await reponse.text()).trim();
      if (fragment !== bloc.dernier) bloc.innerHTML = bloc.dernier = fragment;
      pause = PAUSE_SUIVI_MS;
      if (reponse.headers.get("X-Termine") === "1") {
        bloc.removeAttribute("data-en-cours");
        const phrase = bloc.querySelector("[data-annonce]") ?? bloc;
        annoncer(phrase.textContent.replace(/\s+/g, " ").trim().slice(0, 300));
      }
    } catch {
      pause = Math.min(pause * 2, 30_000);
    }
  }
}

document.querySelectorAll("[data-suivre][data-en-cours]").forEach(suivre);

// --- combobox, by the ARIA pattern: the focus stays in the field, the list follows it ---
class Combobox {
  constructor(bloc) {
    const nom = bloc.dataset.combobox;
    this.url = bloc.dataset.url;
    this.saisie = bloc.querySelector(`[name="${nom}_texte"]`);
    this.choisi = bloc.querySelector(".combobox__choisi");
    this.options = [];
    this.actif = -1;
    const coche = bloc.querySelector(`[type="radio"][name="${nom}"]:checked`);
    bloc.querySelector(".combobox__resultats")?.remove();
    bloc.querySelector(".combobox__chercher").remove();
    this.cle = bloc.querySelector(`[type="hidden"][name="${nom}"]`);
    if (!this.cle) {
      this.cle = creer("input", { type: "hidden", name: nom, value: coche?.value ?? "" });
      bloc.append(this.cle);
    }
    this.liste = creer("ul", { id: `${nom}_liste`, role: "listbox", class: "combobox__liste", "aria-labelledby": `${nom}_texte-libelle` });
    this.liste.hidden = true;
    this.saisie.after(this.liste);
    this.brancher();
  }

  brancher() {
    const { saisie, liste } = this;
    const attributs = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": liste.id };
    for (const [cle, valeur] of Object.entries(attributs)) saisie.setAttribute(cle, valeur);
    saisie.addEventListener("input", () => this.taper());
    saisie.addEventListener("keydown", (evenement) => this.touche(evenement));
    saisie.addEventListener("blur", () => this.fermer());
    liste.addEventListener("mousedown", (evenement) => evenement.preventDefault());
    liste.addEventListener("click", (evenement) => {
      const rang = [...liste.children].indexOf(evenement.target.closest("[role=option]"));
      if (rang >= 0 && this.options.length) this.choisir(rang);
    });
  }

  taper() {
    this.cle.value = "";
    this.choisi.hidden = true;
    clearTimeout(this.attente);
    this.demande?.abort();
    if (this.saisie.value.trim().length < 2) this.fermer();
    else this.attente = setTimeout(() => this.chercher(), PAUSE_SAISIE_MS);
  }

  async chercher() {
    this.demande = new AbortController();
    const adresse = new URL(this.url, location.href);
    adresse.searchParams.set("q", this.saisie.value.trim());
    try {
      const reponse = await fetch(adresse, { signal: this.demande.signal });
      if (!reponse.ok) throw new Error(reponse.statusText);
      this.montrer(await reponse.json());
    } catch (erreur) {
      if (erreur.name !== "AbortError") annoncer("La recherche ne répond pas. Réessayez dans un instant.");
    }
  }

  montrer(options) {
    if (document.activeElement !== this.saisie) return;
    this.options = options;
    this.liste.replaceChildren(...options.map((option, rang) => {
      const ligne = creer("li", { id: `${this.liste.id}-${rang}`, role: "option", "aria-selected": "false" }, option.libelle);
      ligne.append(creer("span", {}, option.detail ?? ""));
      return ligne;
    }));
    if (!options.length) {
      this.liste.append(creer("li", { role: "option", "aria-disabled": "true", class: "combobox__rien" }, "Aucun résultat : vérifiez l’orthographe."));
    }
    this.liste.hidden = false;
    this.saisie.setAttribute("aria-expanded", "true");
    this.activer(-1);
    const nombre = options.length;
    annoncer(nombre ? `${nombre} résultat${nombre > 1 ? "s" : ""}, flèches haut et bas pour parcourir.` : "Aucun résultat.");
  }

  activer(rang) {
    this.actif = rang;
    [...this.liste.children].forEach((ligne, i) => ligne.setAttribute("aria-selected", String(i === rang)));
    const ligne = this.liste.children[rang];
    if (ligne) this.saisie.setAttribute("aria-activedescendant", ligne.id);
    else this.saisie.removeAttribute("aria-activedescendant");
    ligne?.scrollIntoView({ block: "nearest" });
  }

  touche(evenement) {
    const ouverte = !this.liste.hidden;
    const nombre = this.options.length;
    if (evenement.key === "ArrowDown" || evenement.key === "ArrowUp") {
      evenement.preventDefault();
      if (!ouverte) this.chercher();
      else if (nombre) {
        const pas = evenement.key === "ArrowDown" ? 1 : -1;
        this.activer(this.actif < 0 && pas < 0 ? nombre - 1 : (this.actif + pas + nombre) % nombre);
      }
    } else if (evenement.key === "Enter" && ouverte && this.actif >= 0) {
      evenement.preventDefault();
      this.choisir(this.actif);
    } else if (evenement.key === "Escape") {
      if (ouverte) this.fermer();
      else {
        this.saisie.value = "";
        this.taper();
      }
    }
  }

  choisir(rang) {
    const option = this.options[rang];
    this.saisie.value = option.libelle;
    this.cle.value = option.cle;
    this.choisi.textContent = option.detail ?? option.libelle;
    this.choisi.hidden = false;
    this.fermer();
    annoncer(`${option.libelle}, ${option.detail ?? ""} : choisi.`);
  }

  fermer() {
    clearTimeout(this.attente);
    this.demande?.abort();
    this.liste.hidden = true;
    this.saisie.setAttribute("aria-expanded", "false");
    this.activer(-1);
  }
}

for (const bloc of document.querySelectorAll("[data-combobox]")) new Combobox(bloc);
