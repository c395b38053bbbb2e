// A few clients in a closed loop keep the service busy, and none is refused: throughput and latency.
import { predict } from "./predict.js";

export const options = {
  vus: Number(__ENV.VUS || 8),
  duration: __ENV.DURATION || "30s",
  thresholds: { checks: ["rate==1"], http_req_failed: ["rate==0"], accepted: ["count>0"] },
};

export default function () {
  predict([200]);
}
