/** @param {import("../app.js").Place} place */
export function open({ root }) {
  root.textContent = "audit";
}
