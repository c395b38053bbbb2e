"""One ONNX detector: session, metadata, threads."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from shelfwatch.inference.cpus import available_cpus

METADATA_PREFIX = "shelfwatch."
# For which a thread that waits for work spins before it sleeps. Spinning on, as by default, takes the CPU from decoding
# and from other runs: two photos at once then took 95 ms each instead of 82 on two cores. Not at all, and one photo
# alone takes 87 ms instead of 79.
SPIN_MICROSECONDS = 20
NO_LIMIT, AS_REQUESTED, BY_DEFAULT = 0, 1, -1  # of ONNX Runtime's arena: size, how it grows, chunk sizes
INPUTS = {"image", "confidence"}
OUTPUTS = ["boxes", "scores", "class_id"]


@functools.cache
def share_arena() -> None:
    """Let all sessions of this process take their memory from one arena, once; it then grows by what is asked for.

    Photos are few at a time and models several, so most arenas of their own would lie idle: with four sessions and two
    photos at once a process had 309 MB, and has 178.
    """
    memory = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    ort.create_and_register_allocator(memory, ort.OrtArenaCfg(NO_LIMIT, AS_REQUESTED, BY_DEFAULT, BY_DEFAULT))


class ModelError(ValueError):
    """The file is not a detector this package can serve; the message names the file and the reason."""


@dataclass(frozen=True)
class ModelInfo:
    """What a model says of itself in its ONNX metadata. Nothing of it is known anywhere else."""

    name: str
    version: str
    precision: str  # "float32" or "int8"
    classes: tuple[str, ...]  # label of each class id
    input_size: int  # long side of the network input, pixels
    stride: int  # both sides of the input are multiples of it, pixels
    operating_threshold: float  # confidence from which a detection counts unless the caller says otherwise
    iou_threshold: float  # overlap above which the weaker of two boxes is a duplicate
    # Side of a typical product of its training or validation photos in the network's input, pixels; 0 where unknown.
    product_size: float = 0.0

    def __post_init__(self) -> None:
        if not self.classes or self.input_size < self.stride or self.stride < 1:
            raise ValueError("a model needs classes and an input of at least one stride")
        if not (0 < self.operating_threshold < 1 and 0 < self.iou_threshold <= 1):
            raise ValueError("thresholds lie between 0 and 1")
        if not 0 <= self.product_size < math.inf:
            raise ValueError("the size of products is a number of pixels")

    def to_metadata(self) -> dict[str, str]:
        """The ONNX metadata properties that `from_metadata` reads back."""
        return {f"{METADATA_PREFIX}{key}": json.dumps(value) for key, value in vars(self).items()}

    @classmethod
    def from_metadata(cls, properties: dict[str, str]) -> ModelInfo:
        """Read ONNX metadata properties; those with a default may be missing.

        Raises `KeyError` or `ValueError` where one is missing or wrong.
        """
        values = {
            field.name: json.loads(properties[METADATA_PREFIX + field.name])
            for field in dataclasses.fields(cls)
            if field.default is dataclasses.MISSING or METADATA_PREFIX + field.name in properties
        }
        return cls(**{**values, "classes": tuple(values["classes"])})


class Model:
    """A loaded detector whose graph takes raw pixels and gives candidate boxes.

    Graph contract: inputs `image` uint8 (1, H, W, 3) with H and W multiples of the stride, and `confidence` float32
    scalar; outputs `boxes` float32 (K, 4) xyxy in network pixels, `scores` float32 (K,) and `class_id` int64 (K,),
    the K candidates whose best class scores at least `confidence`, before suppression.
    """

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        """Load `path`; `threads` is how many threads one run takes (default: every CPU this process may use).

        Raises `ModelError` where the file is missing, is not ONNX or does not follow the graph contract.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads or available_cpus()
        options.inter_op_num_threads = 1  # the graph is a chain; a second pool would only contend
        options.add_session_config_entry("session.intra_op.spin_duration_us", str(SPIN_MICROSECONDS))
        share_arena()
        # A plan of a run's memory is one block as large as the run's peak, which the shared arena cannot lend out in
        # parts: without, a process that answers two photos at once has 331 MB instead of 381, for up to 2 % more time.
        options.enable_mem_pattern = False
        options.add_session_config_entry("session.use_env_allocators", "1")
        options.log_severity_level = 3
        try:
            self.session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime raises its own and built-in types for a bad or absent file
            raise ModelError(f"{path}: not a readable ONNX model ({error})") from error
        inputs = {node.name for node in self.session.get_inputs()}
        outputs = [node.name for node in self.session.get_outputs()]
        if inputs != INPUTS or outputs != OUTPUTS:
            raise ModelError(
                f"{path}: its inputs {sorted(inputs)} and outputs {outputs} are not those of `shelfwatch export`"
            )
        try:
            self.info = ModelInfo.from_metadata(self.session.get_modelmeta().custom_metadata_map)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{path}: metadata missing or malformed ({error})") from error
        self.path = path
        self.threads = options.intra_op_num_threads

    def run(
        self, image: NDArray[np.uint8], confidence: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]:
        """Candidates of one network input: boxes (K, 4), scores (K,), class ids (K,), as the class describes."""
        boxes, scores, class_id = self.session.run(
            OUTPUTS, {"image": image, "confidence": np.array(confidence, np.float32)}
        )
        return boxes, scores, class_id.astype(np.int32)
