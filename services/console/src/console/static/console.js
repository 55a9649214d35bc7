// What htmx does not do by itself. Everything works without it; it only saves steps.
"use strict";
