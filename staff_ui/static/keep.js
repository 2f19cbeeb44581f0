// On every page of a tablet: locks in time, keeps what is typed on the server, sends a form only when there is a line.
// Nothing is kept in the browser: no storage, no cache of a page.
(() => {
  "use strict";
  const TOUCH_MS = 20000; // at most so often the server hears that somebody is there
  const TYPED_MS = 800; // after this long without a key the draft goes to the server
  const AGAIN_MS = 2000; // how soon a form tries again
  const LINE_MS = 5000; // a line that is half dead neither answers nor fails
  const root = document.documentElement;
  const idleMs = Number(root.dataset.idleMs);
  const offline = document.getElementById("unsent");
  let touchedMs = Date.now();
  let toldMs = Date.now();
  let touched = false;

  if (navigator.serviceWorker) {
    const made = window.trustedTypes?.createPolicy("worker", { createScriptURL: (url) => (url === "/sw.js" ? url : "") });
    navigator.serviceWorker.register(made ? made.createScriptURL("/sw.js") : "/sw.js").catch(() => {});
  }

  // Whoever walks away leaves nothing on the screen; the server has locked by then too.
  if (idleMs) {
    for (const kind of ["pointerdown", "keydown", "scroll"]) {
      document.addEventListener(kind, () => { touched = true; touchedMs = Date.now(); }, { passive: true, capture: true });
    }
    setInterval(() => {
      const now = Date.now();
      if (now - touchedMs >= idleMs) {
        document.body.replaceChildren();
        location.replace(idleMs <= 60000 ? "/signin?idle=profile" : "/signin?idle=1");
      } else if (touched && now - toldMs >= TOUCH_MS) {
        touched = false;
        toldMs = now;
        fetch("/touch").then((answer) => { if (answer.redirected) location.replace("/signin?idle=1"); }, () => {});
      }
    }, 1000);
  }
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  for (const form of document.querySelectorAll("form[data-draft]")) {
    let typing = 0;
    const keep = () => {
      const fields = new URLSearchParams(new FormData(form));
      fields.set("form", form.dataset.draft);
      fetch("/draft", { method: "POST", body: fields, keepalive: true }).catch(() => {});
    };
    form.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(keep, TYPED_MS); });
    form.addEventListener("submit", () => clearTimeout(typing));
  }

  // A form leaves only when the shop's computer answers; until then the page and its text stay.
  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    // A form that another script holds, as pairing does until there is a key, comes by again when it lets go.
    if (event.defaultPrevented || form.dataset.sending === "yes") return;
    event.preventDefault();
    // The list may be fetched anew meanwhile, and the touched button with it: a copy of it does as well.
    let by = submitter;
    if (submitter && submitter.closest("#floor")) {
      by = document.createElement("button");
      by.hidden = true;
      for (const name of ["name", "value", "formaction"]) {
        if (submitter.hasAttribute(name)) by.setAttribute(name, submitter.getAttribute(name));
      }
      form.append(by);
    }
    const send = () => {
      fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(LINE_MS) }).then(
        () => {
          form.dataset.sending = "yes";
          if (offline) offline.hidden = true;
          form.requestSubmit(by);
          form.dataset.sending = "";
        },
        () => {
          if (offline) offline.hidden = false;
          setTimeout(send, AGAIN_MS);
        },
      );
    };
    send();
  });
})();
