// What htmx does not do by itself. Everything works without it; it only saves steps.
"use strict";

// Who leaves a page with input that was not saved is asked by the browser. `isUnsaved`: for the dialog, which asks itself.
const isUnsaved = (() => {
  let touched = null;
  let isLeaving = false;
  const form = () => document.querySelector("form[data-guarded]");
  const is = () => form() !== null && (form() === touched || "unsaved" in form().dataset);
  for (const name of ["input", "change"]) {
    document.addEventListener(name, (event) => {
      if (event.target.form && event.target.form === form()) touched = form();
    });
  }
  // Its own form takes along what was entered.
  document.addEventListener("submit", (event) => {
    if (event.target === form() && !event.defaultPrevented) isLeaving = true;
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.detail.elt === form() && event.detail.xhr.getResponseHeader("hx-redirect")) isLeaving = true;
  });
  window.addEventListener("pageshow", () => (isLeaving = false));
  window.addEventListener("beforeunload", (event) => {
    if (!isLeaving && is()) event.preventDefault();
  });
  return is;
})();

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
    const mayClose = () => !isUnsaved() || confirm(dialog.dataset.ask);
    dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !isUnsaved()) return;
      event.preventDefault();
      if (mayClose()) dialog.close();
    });
    dialog.addEventListener("cancel", (event) => {
      if (event.target === dialog && !mayClose()) event.preventDefault();
    });
    dialog.showModal();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-close]");
    const dialog = link && link.closest("dialog");
    if (dialog && before !== null) {
      event.preventDefault();
      if (!isUnsaved() || confirm(dialog.dataset.ask)) dialog.close();
    }
  });
})();

// What is pressed or entered in a product's form while an answer is on its way goes on in the form of that answer: the
// answer replaces the form, and with it all that was done since it was asked for.
(() => {
  let sent = null;
  let pressed = null;
  const waiting = [];
  const form = () => document.getElementById("product-form");
  const isSame = (one, other) => one !== null && one.name === other.name && one.value === other.value;
  const isText = (one) => one.matches("textarea, input:not([type]), input[type=text]");
  const carryOver = (touched) => {
    for (const old of touched) {
      const box = old.type === "checkbox";
      const now = [...form().elements].find((one) => one.name === old.name && one.type === old.type && (!box || one.value === old.value));
      if (!now) continue;
      if (box) now.checked = old.checked;
      else if (now.type !== "select-one" || [...now.options].some((one) => one.value === old.value)) now.value = old.value;
      now.dispatchEvent(new Event("input", { bubbles: true }));
      if (old !== [...touched].at(-1)) continue;
      now.focus();
      if (isText(old) && isText(now)) now.setSelectionRange(old.selectionStart, old.selectionEnd);
    }
  };
  const press = (step) => {
    let button = [...form().elements].find((one) => one.type === "submit" && form().contains(one) && isSame(one, step));
    const isGone = !button;
    if (isGone) {
      button = Object.assign(document.createElement("button"), { ...step, hidden: true });
      form().append(button);
    }
    button.click();
    if (isGone) button.remove();
  };
  // The switch of the language sends the form too, and htmx knows no buttons outside of it.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=language]");
    // Without the page's form, as after its product was deleted, it is a switch like that of any other page.
    if (button && !button.form) button.removeAttribute("form");
    if (!button || !form() || button.form !== form() || form().contains(button)) return;
    event.preventDefault();
    press({ name: button.name, value: button.value });
  });
  // The page's address asks for what stands in it now, also by reload and in the other language.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const address = event.detail.xhr.getResponseHeader("x-address");
    if (address) history.replaceState(history.state, "", address);
  });
  // What was saved from the page has arrived: its form is asked for again, with what was entered since. Not within a word
  // that an input method is still composing.
  let composing = false;
  const follow = () => {
    const due = document.querySelector("#product-state[data-due]");
    if (!due || !form() || composing) return;
    delete due.dataset.due;
    press({ name: "step", value: "follow" });
  };
  document.addEventListener("htmx:afterSwap", follow);
  document.addEventListener("compositionstart", () => (composing = true));
  document.addEventListener("compositionend", () => {
    composing = false;
    setTimeout(follow);
  });
  // Then the field in which the merchant is stays where it is in the window.
  const placeOf = (one) => (one && one.id && one.form === form() ? { id: one.id, top: one.getBoundingClientRect().top } : null);
  const keepPlace = (place) => {
    const now = place && document.getElementById(place.id);
    if (!now) return;
    const moved = now.getBoundingClientRect().top - place.top;
    (now.closest("dialog") || document.scrollingElement).scrollTop += moved;
  };
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (sent !== null && event.detail.requestConfig.elt === sent.form) sent.place = placeOf(document.activeElement);
  });
  const goOn = () => {
    const before = sent;
    sent = null;
    if (form() && form().action === before.form.action) {
      if (form() !== before.form) carryOver(before.touched);
      if (before.step && before.step.value === "follow") keepPlace(before.place);
      while (waiting.length && sent === null) press(waiting.shift());
    } else waiting.length = 0;
  };
  document.addEventListener(
    "submit",
    (event) => {
      if (event.target !== form() || !event.submitter) return;
      const step = { name: event.submitter.name, value: event.submitter.value };
      if (sent === null) {
        pressed = step;
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
      // A double click is one press.
      const isAgain = waiting.length ? isSame(waiting.at(-1), step) : !sent.touched.size && isSame(sent.step, step);
      if (!isAgain) waiting.push(step);
    },
    true,
  );
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt !== form()) return;
    sent = { form: form(), step: pressed, touched: new Set() };
    event.detail.xhr.addEventListener("loadend", goOn);
  });
  for (const name of ["input", "change"]) {
    document.addEventListener(name, (event) => {
      if (sent === null || event.target.form !== sent.form) return;
      sent.touched.delete(event.target);
      sent.touched.add(event.target);
    });
  }
})();

// A double click on a switch is one press. Its answer brings the other switch, which takes none for a moment.
(() => {
  const moment = 700;
  const resting = new Set();
  const switches = () => [...document.querySelectorAll("form[data-switch]")];
  const isResting = (form) => resting.has(form.getAttribute("action"));
  const show = () => {
    for (const form of switches()) {
      if (isResting(form)) form.querySelector("button").setAttribute("aria-disabled", "true");
      else form.querySelector("button").removeAttribute("aria-disabled");
    }
  };
  document.addEventListener(
    "submit",
    (event) => {
      if (!event.target.matches("form[data-switch]") || !isResting(event.target)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!event.detail.elt.matches("form[data-switch]")) return;
    const address = event.detail.elt.getAttribute("action");
    resting.add(address);
    show();
    event.detail.xhr.addEventListener("loadend", () =>
      setTimeout(() => {
        resting.delete(address);
        show();
      }, moment),
    );
  });
  document.addEventListener("htmx:afterSwap", show);
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
