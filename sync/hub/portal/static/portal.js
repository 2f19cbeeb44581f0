// Keeps the page true: on a poke it asks for itself again and takes the new <main>. Without script the page works too.
(() => {
  "use strict";
  const DOWN_MS = 4000; // a stream that is back sooner was not missed by anybody
  const line = document.getElementById("line");
  const said = document.getElementById("said");
  let asking = false;
  let again = false;
  let down = 0;

  const policy = window.trustedTypes
    ? trustedTypes.createPolicy("portal", { createHTML: (html) => html })
    : { createHTML: (html) => html };

  const open = (live) => {
    const stream = new EventSource(live);
    stream.addEventListener("open", () => {
      clearTimeout(down);
      down = 0;
      line.hidden = true;
    });
    stream.addEventListener("changed", refresh);
    stream.addEventListener("error", () => {
      if (!down) down = setTimeout(() => { line.hidden = false; }, DOWN_MS);
      // Answered, but not with a stream: nobody is in any more, or something stands between.
      if (stream.readyState === EventSource.CLOSED) {
        setTimeout(() => open(live), DOWN_MS);
        refresh();
      }
    });
  };

  const refresh = async () => {
    again = asking;
    if (asking) return;
    asking = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store", headers: { accept: "text/html" } });
      if (answer.status === 401) location.reload();
      else if (answer.ok) take(await answer.text());
    } catch {
      // The line is down: the stream says so, and asks for the page when it is back.
    } finally {
      asking = false;
      if (again) refresh();
    }
  };

  const take = (html) => {
    const old = document.querySelector("main");
    const fresh = new DOMParser().parseFromString(policy.createHTML(html), "text/html").querySelector("main");
    if (!fresh || fresh.querySelector("script") || (fresh.dataset.newest === old.dataset.newest && fresh.innerHTML === old.innerHTML)) return;
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    const newest = old.dataset.newest;
    for (const each of old.querySelectorAll("details[open]")) fresh.querySelector("#" + each.id)?.setAttribute("open", "");
    old.replaceWith(document.adoptNode(fresh));
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    if (fresh.dataset.newest !== newest && fresh.dataset.newest) {
      fresh.querySelector("[data-look]")?.classList.add("arrives");
      said.textContent = fresh.dataset.announce;
    }
  };

  open(document.body.dataset.live);
  setInterval(refresh, 60000); // times are said as people say them, and they turn
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
