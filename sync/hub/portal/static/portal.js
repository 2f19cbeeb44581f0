// Keeps the page true: on a poke it asks for itself again and takes what is new in <main>. Without script the page works
// too.
(() => {
  "use strict";
  const DOWN_MS = 4000; // a stream that is back sooner was not missed by anybody
  const LONG_MS = 1000; // who holds longer does not press
  const CLICK_MS = 50; // a finger's click comes a little after the finger left
  const line = document.getElementById("line");
  const said = document.getElementById("said");
  let asking = false;
  let again = false;
  let down = 0;
  let pressing = Promise.resolve();
  let lifted = () => {};

  // A button that is replaced under a mouse loses its click, and a finger's goes to whatever stands there then.
  const heard = { capture: true, passive: true };
  document.addEventListener("pointerdown", () => {
    pressing = new Promise((over) => {
      lifted = () => setTimeout(over, CLICK_MS);
      setTimeout(over, LONG_MS);
    });
  }, heard);
  for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, () => lifted(), heard);

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
      else if (answer.ok) {
        const html = await answer.text();
        await pressing;
        take(html);
      }
    } catch {
      // The line is down: the stream says so, and asks for the page when it is back.
    } finally {
      asking = false;
      if (again) refresh();
    }
  };

  const take = (html) => {
    const main = document.querySelector("main");
    const fresh = new DOMParser().parseFromString(policy.createHTML(html), "text/html").querySelector("main");
    if (!fresh || fresh.querySelector("script")) return;
    const focused = main.contains(document.activeElement) ? document.activeElement : null;
    const newest = main.dataset.newest;
    const its = (each) => fresh.querySelector("#" + CSS.escape(each.id));
    for (const each of main.querySelectorAll("input[id]:not([type=file])")) { // also where the part around it is another
      const same = its(each);
      if (same && each.value !== each.defaultValue) same.value = each.value;
    }
    for (const each of main.querySelectorAll("details[open]")) its(each)?.setAttribute("open", "");
    change(main, fresh);
    if (focused?.id && !focused.isConnected) document.getElementById(focused.id)?.focus({ preventScroll: true });
    if (main.dataset.newest !== newest && main.dataset.newest) {
      main.querySelector("[data-look]")?.classList.add("arrives");
      said.textContent = main.dataset.announce;
    }
  };

  // Parts that say the same stay as they are: whoever reads one, types in it or has just aimed at it notices nothing.
  const change = (main, fresh) => {
    const before = [...main.children];
    const after = [...fresh.children];
    while (before[0]?.isEqualNode(after[0])) {
      before.shift();
      after.shift();
    }
    let behind = null;
    while (before.at(-1)?.isEqualNode(after.at(-1))) {
      behind = before.pop();
      after.pop();
    }
    for (const each of before) each.remove();
    for (const each of after) main.insertBefore(each, behind);
    for (const name of main.getAttributeNames()) main.removeAttribute(name);
    for (const { name, value } of fresh.attributes) main.setAttribute(name, value);
  };

  open(document.body.dataset.live);
  setInterval(refresh, 60000); // times are said as people say them, and they turn
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
