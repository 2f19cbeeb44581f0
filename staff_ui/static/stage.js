// The stage: sends its forms without leaving the page, keeps its sentences true.
(() => {
  "use strict";
  const ASK_MS = 700;
  const language = document.body.dataset.language;
  const byId = (id) => document.getElementById(id);
  let chosen = null;
  let closed = "";

  const put = (id, text) => {
    const at = byId(id);
    if (at.textContent !== text) at.textContent = text;
  };

  const show = (now) => {
    put("caption", now.caption);
    put("line", now.line);
    byId("net").className = now.internet ? "on" : "off";
    const toggle = byId("switch");
    toggle.setAttribute("aria-checked", String(now.internet));
    toggle.value = now.internet ? "0" : "1";
    const word = toggle.querySelector("b");
    word.textContent = now.internet ? word.dataset.on : word.dataset.off;
    const play = byId("play");
    play.value = now.playing ? "0" : "1";
    play.textContent = now.playing ? play.dataset.on : play.dataset.off;
    document.querySelectorAll("[data-person]").forEach((each) => {
      each.classList.toggle("chosen", Number(each.dataset.person) === now.chosen);
    });
    document.querySelectorAll("[data-here]").forEach((each) => {
      const here = now.here[each.dataset.here] || "";
      if (each.textContent !== here) each.textContent = here;
    });
    if (chosen !== null && chosen !== now.chosen) {
      for (const pane of ["phone", "office"]) {
        byId(pane).querySelector("iframe").src = `/demo/${pane}?language=${language}&n=${now.chosen}`;
      }
    }
    chosen = now.chosen;
    const figures = now.figures.join("\n");
    if (figures && figures !== closed) {
      byId("figures").querySelector("ol").replaceChildren(...now.figures.map((each) => {
        const line = document.createElement("li");
        line.textContent = each;
        return line;
      }));
      if (!byId("figures").open) byId("figures").showModal();
    }
    closed = figures;
  };

  const ask = async () => {
    try {
      const answer = await fetch(`/demo/state?language=${language}`, { cache: "no-store" });
      if (answer.ok) show(await answer.json());
    } catch { /* the demo was stopped; the next question finds it again */ }
  };

  document.querySelectorAll("form[method=post]").forEach((form) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = event.submitter;
      button.classList.add("pressed");
      await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, button)) });
      await ask();
      setTimeout(() => button.classList.remove("pressed"), 400);
    });
  });
  setInterval(ask, ASK_MS);
  ask();
})();
