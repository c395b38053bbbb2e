/** A bay on the board: its last photo, how full it is, how that went, and what is wrong. */

import { showPicture } from "./api.js";
import { icon, make } from "./dom.js";
import { momentTag, percent, whole } from "./format.js";
import { link } from "./router.js";
import { drawSparkline } from "./sparkline.js";
import { phrases, texts } from "./texts.js";

/** @typedef {import("./types.js").Bay} Bay */

/** Below these a bay looks poor, or bad; its own alert threshold wins where it has one. */
const POOR = 0.9;
const BAD = 0.75;

/** @param {Bay} bay @returns {"good" | "busy" | "bad" | "none"} */
export function toneOf({ stock, min_fill_rate }) {
  if (stock === null) return "none";
  if (stock < (min_fill_rate ?? BAD)) return "bad";
  return stock < POOR ? "busy" : "good";
}

/** @param {Bay} bay @param {AbortSignal} signal  of the page */
export function bayCard(bay, signal) {
  const { store, latest, stock, trend = [] } = bay;
  const picture = make("img", { class: "bay-card__picture", alt: "", width: 72, height: 72, loading: "lazy" });
  picture.addEventListener("error", () => picture.classList.add("bay-card__picture--none"));
  const canvas = make("canvas", { class: "bay-card__trend", "aria-hidden": "true" });
  const bar = make("span", { class: "meter__bar" });
  bar.style.inlineSize = `${Math.min(Math.max(stock ?? 0, 0), 1) * 100}%`;
  const facts = latest
    ? [phrases.facingsOf(latest.facings, bay.expected_facings), phrases.gapCount(latest.gaps)].join(" · ")
    : texts.boardNoAudit;
  const card = make(
    "li",
    { class: "bay-card", "data-tone": toneOf(bay) },
    make(
      "a",
      { class: "bay-card__link", href: link("stores", store, bay.bay) },
      picture,
      make(
        "span",
        { class: "bay-card__text" },
        make("span", { class: "bay-card__name", title: bay.bay }, bay.bay),
        make("span", { class: "bay-card__facts" }, facts),
        latest && make("span", { class: "bay-card__when" }, momentTag(latest.taken_at)),
      ),
      make(
        "span",
        { class: "bay-card__stock" },
        make("span", { class: "bay-card__rate" }, stock === null ? "–" : percent(Math.round(stock * 100) / 100)),
        make("span", { class: "meter", "aria-hidden": "true" }, bar),
        canvas,
      ),
      bay.open_alerts > 0 &&
        make(
          "span",
          { class: "badge bay-card__alerts", "data-tone": "bad" },
          icon("alert", "badge__icon"),
          phrases.openAlerts(whole(bay.open_alerts), bay.open_alerts),
        ),
    ),
  );
  const seen = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      seen.disconnect();
      if (latest) void showPicture(picture, `/audits/${latest.id}/image?size=thumbnail`, signal);
      drawSparkline(canvas, trend);
    },
    { rootMargin: "200px" },
  );
  seen.observe(card);
  signal.addEventListener("abort", () => seen.disconnect(), { once: true });
  document.addEventListener("themechange", () => drawSparkline(canvas, trend), { signal });
  return card;
}
