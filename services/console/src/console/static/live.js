// Told what changed, every part of the page that is about it asks for itself. Closed while nobody looks at the page.
"use strict";
(() => {
  const address = document.body.dataset.stream;
  if (!address || !window.EventSource) return;
  let after = document.body.dataset.after;
  let source = null;
  let ended = false;

  // A part says with data-product or data-action which one it is about; without, it is about all.
  const tell = (name, about) => {
    for (const part of document.querySelectorAll(`[hx-trigger*="sse:${name}"]`)) {
      const own = part.dataset[name];
      if (own === undefined || about === "" || own === about) htmx.trigger(part, `sse:${name}`);
    }
  };
  const close = () => {
    if (source !== null) source.close();
    source = null;
  };
  const open = () => {
    if (source !== null || ended || document.hidden) return;
    source = new EventSource(`${address}?after=${encodeURIComponent(after)}`);
    for (const name of ["product", "action", "counts", "run", "list"]) {
      source.addEventListener(name, (event) => {
        after = event.lastEventId || after;
        tell(name, event.data);
      });
    }
    source.addEventListener("ended", () => {
      // What was entered stays: whatever is pressed next leads to the log-in and keeps it.
      ended = true;
      close();
    });
    source.addEventListener("error", () => {
      // The browser tries again by itself, unless it was refused.
      if (source === null || source.readyState !== EventSource.CLOSED) return;
      close();
      setTimeout(open, 5000);
    });
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  open();
})();
