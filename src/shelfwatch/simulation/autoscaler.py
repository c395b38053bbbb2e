"""The HorizontalPodAutoscaler: how many pods there should be, from their CPU use.

Source: Kubernetes documentation, "Horizontal Pod Autoscaling" (algorithm details, autoscaling/v2 behaviour).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from shelfwatch.simulation.options import ScalerOptions


class Autoscaler:
    """Keeps what it recommended and did lately, which its limits look back at."""

    def __init__(self, options: ScalerOptions) -> None:
        self.options = options
        self._recommended: list[tuple[float, int]] = []
        self._removed: list[tuple[float, int]] = []
        self._added: list[tuple[float, int]] = []

    def desired(self, moment: float, pods: int, use: Sequence[float], unready: int = 0, missing: int = 0) -> int:
        """The number of pods from now on. `use` is of each ready pod in shares of its CPU request.

        Pods that are not ready, or of which there are no figures, count as idle when there would be more pods; those
        without figures count as just right when there would be fewer. Neither reverses the direction.
        """
        options = self.options
        wanted = pods
        if use:
            ratio = sum(use) / len(use) / options.target
            if abs(ratio - 1) > options.tolerance:
                wanted = math.ceil(ratio * len(use) - 1e-9)
                unready += missing
                if ratio > 1 and unready:
                    careful = sum(use) / (len(use) + unready) / options.target
                    more = abs(careful - 1) > options.tolerance and careful > 1
                    wanted = max(pods, math.ceil(careful * (len(use) + unready) - 1e-9)) if more else pods
                elif ratio < 1 and missing:
                    careful = (sum(use) / options.target + missing) / (len(use) + missing)
                    fewer = abs(careful - 1) > options.tolerance
                    wanted = min(pods, math.ceil(careful * (len(use) + missing) - 1e-9)) if fewer else pods
        return self._limited(moment, pods, min(max(wanted, options.minimum), options.maximum))

    def _limited(self, moment: float, pods: int, wanted: int) -> int:
        """As far as the behaviour allows at once."""
        options = self.options
        self._recommended = [entry for entry in self._recommended if entry[0] > moment - options.down_stabilization] + [
            (moment, wanted)
        ]
        if wanted > pods:
            # Both policies count from the pods at the beginning of their period; the more generous one holds.
            self._added = [entry for entry in self._added if entry[0] > moment - options.up_seconds]
            before = pods - sum(number for _, number in self._added)
            most = max(math.ceil(before * (1 + options.up_percent / 100)), before + options.up_pods)
            grown = max(pods, min(wanted, most))
            self._added.append((moment, grown - pods))
            return grown
        # Fewer only as far as nothing of the last minutes wanted more.
        wanted = min(pods, max(wanted, *(number for _, number in self._recommended)))
        self._removed = [entry for entry in self._removed if entry[0] > moment - 60]
        allowed = max(0, options.down_pods - sum(number for _, number in self._removed))
        kept = max(wanted, pods - allowed)
        if kept < pods:
            self._removed.append((moment, pods - kept))
        return kept
