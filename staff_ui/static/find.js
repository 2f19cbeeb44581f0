// The product page and Winkel: htmx needs a policy for fragments, and whoever types is there. Loaded before htmx.
(() => {
  "use strict";
  if (window.trustedTypes) {
    trustedTypes.createPolicy("default", {
      createHTML: (html) => {
        if (/<script/i.test(html)) throw new TypeError("a fragment with a script");
        return html;
      },
    });
  }
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target.name === "q") event.detail.headers["Welkom-Touched"] = "1";
  });
})();
