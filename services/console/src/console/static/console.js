// What htmx does not do by itself. Everything works without it; it only saves steps.
"use strict";

// A product in a dialog over the list. Its address is in the location bar; closing brings the list's back.
(() => {
  let before = null;
  const box = () => document.getElementById("dialog");
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target === box()) before = location.pathname + location.search;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const dialog = event.detail.target === box() && box().querySelector("dialog[data-dialog]");
    if (!dialog) return;
    const opener = document.activeElement;
    const address = opener && opener.getAttribute("href");
    dialog.addEventListener("close", () => {
      box().replaceChildren();
      if (before !== null) history.replaceState(null, "", before);
      // Its row may have been replaced meanwhile.
      const again = opener && opener.isConnected ? opener : [...document.links].find((one) => one.getAttribute("href") === address);
      if (again) again.focus();
    });
    dialog.showModal();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-close]");
    const dialog = link && link.closest("dialog");
    if (dialog && before !== null) {
      event.preventDefault();
      dialog.close();
    }
  });
})();

// A request that failed says so; an answer that is to be shown although it is an error says that itself.
(() => {
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.getResponseHeader("x-swap") === "1") {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  const failed = () => {
    const notices = document.getElementById("notices");
    const notice = document.createElement("p");
    notice.className = "notice bad";
    notice.textContent = notices.dataset.failed;
    notices.replaceChildren(notice);
    setTimeout(() => notice.remove(), 15000);
  };
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", failed);
})();
