// What every profile needs: one photo of our own, sent and checked.
import { check } from "k6";
import http from "k6/http";
import { Counter, Trend } from "k6/metrics";

const URL = __ENV.SHELFWATCH_URL;
const KEY = __ENV.SHELFWATCH_API_KEY;
const photo = open("../../ui/samples/shelf.jpg", "b");

const accepted = new Counter("accepted"); // answers that are 200
const acceptedTime = new Trend("accepted_time", true); // their milliseconds
const refused = new Counter("refused"); // answers that are 503

const isBox = (box) => box.length === 4 && box[0] < box[2] && box[1] < box[3];
const descends = (values) => values.every((value, index) => index === 0 || value <= values[index - 1]);
const text = (response) => response.body || "{}"; // no body at all where the connection broke

/** Send the photo and check the answer against docs/api.md and docs/problems.md; `allowed` are the statuses that may be. */
export function predict(allowed) {
  const response = http.post(
    `${URL}/predict`,
    { image: http.file(photo, "shelf.jpg", "image/jpeg") },
    {
      headers: KEY ? { Authorization: `Bearer ${KEY}` } : {},
      responseCallback: http.expectedStatuses(...allowed),
      tags: { name: "predict" },
      timeout: "60s",
    },
  );
  check(response, { [`status is ${allowed.join(" or ")}`]: ({ status }) => allowed.includes(status) });
  if (response.status === 200) {
    accepted.add(1);
    acceptedTime.add(response.timings.duration);
    checkPrediction(response);
  } else if (response.status === 503) {
    refused.add(1);
    checkRefusal(response);
  }
  return response;
}

function checkPrediction(response) {
  const answer = JSON.parse(text(response));
  check(answer, {
    "products are found": ({ count, detections }) => count > 0 && count === detections.length,
    "boxes have an area": ({ detections }) => detections.every(({ box }) => isBox(box)),
    "the surest comes first": ({ detections }) => descends(detections.map(({ confidence }) => confidence)),
    "the photo has its size": ({ image }) => image.width === 1500 && image.height === 2000,
    "the answer has its id": ({ request_id }) => request_id === response.headers["X-Request-Id"],
  });
}

function checkRefusal(response) {
  check(response, {
    "a refusal is a problem document": ({ headers }) => headers["Content-Type"] === "application/problem+json",
    "it says overloaded": () => JSON.parse(text(response)).type === "/problems/overloaded",
    "it says when to come again": ({ headers }) => Number(headers["Retry-After"]) >= 1,
  });
}
