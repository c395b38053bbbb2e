// Far more clients than there is room for: what is accepted is answered, all else is refused as documented.
import { sleep } from "k6";
import { predict } from "./predict.js";

const PAUSE_SECONDS = 0.25; // sooner than any `Retry-After` asks for

export const options = {
  vus: Number(__ENV.VUS || 64),
  duration: __ENV.DURATION || "20s",
  thresholds: { checks: ["rate==1"], http_req_failed: ["rate==0"], accepted: ["count>0"], refused: ["count>0"] },
};

export default function () {
  if (predict([200, 503]).status !== 200) {
    sleep(PAUSE_SECONDS);
  }
}
