// Keeps the floor true: fetches on a poke, says so when the line is down, covers what may be old.
// Plain and CSP-safe: no eval, no inline style. Loaded before htmx, which needs the policy below.
(() => {
  "use strict";
  const ASK_MS = 20000; // without a word for this long, ask: a dead line looks like a quiet shop
  const COVER_MS = 60000; // what is older than this is no longer shown as live
  const ARRIVES_MS = 400; // a second poke within this time must not cut the slide short
  const TOUCH_MS = 30000; // at most so often a touch keeps the session open

  if (window.trustedTypes) {
    // htmx makes elements of our own fragments; a script among them is nobody's of ours.
    trustedTypes.createPolicy("default", {
      createHTML: (html) => {
        if (/<script/i.test(html)) throw new TypeError("a fragment with a script");
        return html;
      },
    });
  }

  const floor = document.getElementById("floor");
  const line = document.getElementById("line");
  const cover = document.getElementById("cover");
  const said = document.getElementById("said");
  const seen = new Map(); // what stood in the list, and since when
  let heardMs = Date.now();
  let touchedMs = 0;
  let touched = false;
  let turn = 0;
  let scrolled = [0, 0];

  const ask = () => floor.dispatchEvent(new CustomEvent("refresh"));
  const list = () => document.getElementById("rij");

  const turnIn = (freshMs) => {
    clearTimeout(turn);
    if (freshMs >= 0 && freshMs < 3600000) turn = setTimeout(ask, freshMs + 20);
  };

  const arrivals = (first) => {
    const here = [...floor.querySelectorAll("[data-arrival]")];
    const fresh = here.filter((each) => !seen.has(each.dataset.arrival));
    fresh.forEach((each) => seen.set(each.dataset.arrival, first ? 0 : Date.now()));
    here.forEach((each) => {
      if (Date.now() - seen.get(each.dataset.arrival) < ARRIVES_MS) each.classList.add("arrives");
    });
    const announce = list()?.dataset.announce;
    if (!first && fresh.some((each) => each.closest("#rij"))) said.textContent = announce;
    else if (said.textContent !== announce) said.textContent = ""; // who is gone is not spoken of either
  };

  const current = () => {
    heardMs = Date.now();
    cover.hidden = true;
    floor.inert = false;
  };

  floor.addEventListener("htmx:configRequest", (event) => {
    const pinned = list()?.dataset.pinned;
    if (event.target === floor && pinned) event.detail.path = "/visits/" + pinned;
    if (touched) {
      event.detail.headers["Welkom-Touched"] = "1";
      touched = false;
      touchedMs = Date.now();
    }
  });
  floor.addEventListener("htmx:beforeSwap", () => {
    const from = list();
    scrolled = from ? [from.scrollLeft, from.scrollTop] : [0, 0];
  });
  floor.addEventListener("htmx:afterSwap", () => {
    if (list()) [list().scrollLeft, list().scrollTop] = scrolled;
    arrivals(false);
    current();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const fresh = event.detail.xhr?.getResponseHeader("welkom-fresh-ms");
    if (event.detail.successful && fresh) turnIn(Number(fresh));
  });
  document.addEventListener("htmx:sseOpen", () => { line.hidden = true; });
  document.addEventListener("htmx:sseError", () => {
    line.hidden = false;
    ask();
  });

  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, () => { touched = true; }, { passive: true });
  }
  setInterval(() => {
    const silentMs = Date.now() - heardMs;
    if (silentMs >= COVER_MS) {
      cover.hidden = false;
      floor.inert = true;
    }
    if (silentMs >= ASK_MS || (touched && Date.now() - touchedMs >= TOUCH_MS)) ask();
  }, 5000);
  // Back from sleep or from the browser's own cache: what stands here may be of an hour ago.
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  arrivals(true);
  turnIn(Number(floor.dataset.freshMs));
})();
