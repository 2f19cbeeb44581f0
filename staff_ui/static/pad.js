// Number pads: keys that type into the field they name, so that no keyboard slides over it. Without this the
// field works.
(() => {
  "use strict";
  for (const pad of document.querySelectorAll(".pad[data-types]")) {
    const field = pad.closest("form").elements[pad.dataset.types];
    pad.hidden = false;
    field.inputMode = "none";
    pad.addEventListener("click", (event) => {
      const digit = event.target.dataset?.digit;
      if (digit === undefined) return;
      field.value = digit === "" ? field.value.slice(0, -1) : (field.value + digit).slice(0, field.maxLength);
    });
  }
})();
