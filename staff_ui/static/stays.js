// Keeps a page about one customer only as long as it may be there: on each poke it asks for itself again, and leaves
// when the visit or its basis is over. What changed is shown, unless somebody is typing or presses a button.
(() => {
  "use strict";
  const ASK_MS = 20000; // without a word for this long, ask: a dead line looks like a quiet shop
  const COVER_MS = 60000; // what is older than this is no longer shown as live
  const LEAVES_MS = 10000; // after that a form has its answer, or its line is down
  const main = document.querySelector("main[data-now]");
  const line = document.getElementById("line");
  const cover = document.getElementById("cover");
  const quiet = new URL(location.href);
  quiet.searchParams.set("quiet", "1"); // a poke is no touch: it keeps no session open
  let heardMs = Date.now();
  let asking = false;
  let again = false;
  let leftMs = 0;
  let sentMs = 0;

  // A form that was just sent answers with the next page: looking again would take that answer away.
  window.addEventListener("beforeunload", () => { leftMs = Date.now(); });
  const leaving = () => Date.now() - leftMs < LEAVES_MS;
  document.addEventListener("submit", () => { sentMs = Date.now(); }); // which leaves when there is a line (keep.js)
  const sending = () => Date.now() - sentMs < LEAVES_MS;

  const typing = () => [...main.querySelectorAll("input:not([type=hidden])")].some((each) => each.value !== "");
  const heard = () => {
    heardMs = Date.now();
    line.hidden = cover.hidden = true;
    main.inert = false;
  };
  const ask = async () => {
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    try {
      const answer = await fetch(quiet, { cache: "no-store" });
      const now = /data-now="([^"]*)"/.exec(await answer.text())?.[1];
      if (leaving()) return;
      if (!answer.ok || answer.redirected || now === undefined) location.replace(quiet);
      heard();
      if (now !== main.dataset.now) unpressed(() => { if (!typing() && !sending()) location.replace(quiet); });
    } catch {
      line.hidden = leaving();
    } finally {
      asking = false;
      if (again) {
        again = false;
        ask();
      }
    }
  };

  const live = new EventSource("/live?only=visits");
  live.addEventListener("visits", ask);
  live.addEventListener("error", ask);
  setInterval(() => {
    const silentMs = Date.now() - heardMs;
    if (silentMs >= COVER_MS) {
      cover.hidden = false;
      main.inert = true;
    }
    if (silentMs >= ASK_MS) ask();
  }, 5000);
  // Back from sleep or from the browser's own cache: what stands here may be of an hour ago.
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
