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

// "All that match" is about the filter of the rows that are shown: with another one, not searched yet, it cannot be
// ticked. After Back the fields show the filter of the rows again.
(() => {
  const filter = document.querySelector("form.filter");
  const all = document.querySelector('#chosen input[name="all"]');
  const says = document.querySelector("[data-search-first]");
  const shown = (one) => (one.matches("select") ? ([...one.options].find((option) => option.defaultSelected) || one.options[0]).value : one.defaultValue);
  const isChanged = (one) => one.value !== shown(one);
  const look = () => {
    const others = [...filter.querySelectorAll("input, select")].some(isChanged);
    if (others) all.checked = false;
    all.disabled = others;
    says.hidden = !others;
  };
  filter.addEventListener("input", look);
  window.addEventListener("pageshow", () => {
    filter.reset();
    look();
  });
})();

// A notice of something that has ended can be closed, until the browser is.
(() => {
  const box = document.getElementById("notices-of-shop");
  const name = (notice) => `closed ${notice.id}`;
  const look = () => {
    for (const notice of box.querySelectorAll(".action:not([hx-get])")) {
      if (sessionStorage.getItem(name(notice))) {
        notice.remove();
      } else if (!notice.querySelector(".shut")) {
        const button = Object.assign(document.createElement("button"), { type: "button", className: "plain shut" });
        button.textContent = box.dataset.close;
        notice.append(button);
      }
    }
    const folded = box.querySelector(".folded");
    if (folded && !folded.querySelector(".action")) folded.remove();
  };
  box.addEventListener("click", (event) => {
    const button = event.target.closest(".shut");
    if (!button) return;
    sessionStorage.setItem(name(button.closest(".action")), "1");
    look();
  });
  document.addEventListener("htmx:afterSwap", look);
  look();
})();
