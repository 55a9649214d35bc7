// Ticks survive that rows are replaced; "all on this page" ticks them together.
"use strict";
(() => {
  const ticked = new Set();
  const boxes = () => document.querySelectorAll('#list input[name="product_no"]');
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-tick-page]")) {
      for (const one of boxes()) {
        one.checked = box.checked;
        one.checked ? ticked.add(one.value) : ticked.delete(one.value);
      }
    } else if (box.matches('#list input[name="product_no"]')) {
      box.checked ? ticked.add(box.value) : ticked.delete(box.value);
    }
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const box of boxes()) if (ticked.has(box.value)) box.checked = true;
  });
})();
