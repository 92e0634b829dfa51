"""GPU and host memory of a finetuning: a plan from the model's shape and the recipe.

The formulas follow what the trainer does (transformers, TRL's fused last layer, DeepSpeed); docs/memory.md compares
them with measurements. All sizes are bytes for one process unless noted otherwise; one process has one GPU.
"""

from dataclasses import dataclass

from yetbetter.training.launch import resources_of
from yetbetter.training.shapes import Shape

# Layers that LoRA adapts if the recipe names none.
LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
# TRL computes the last layer and the loss in tiles of at most this many tokens x vocabulary entries.
TILE_TOKENS, TILE_VOCABULARY = 4096, 32768
# DeepSpeed's defaults: weights gathered at a time under ZeRO-3, and in one step of its optimizer.
LIVE_PARAMETERS = 1_000_000_000
BUCKET = 200_000_000  # numbers in one of ZeRO-2's three communication buffers
# CUDA's context, NCCL, cuBLAS and the allocator's fragmentation: an estimate, not measured on a GPU.
OVERHEAD = 3_000_000_000


@dataclass(frozen=True)
class MemoryPlan:
    """Bytes per process by purpose; `host` is the machine's memory for all its processes."""

    processes: int
    weights: int
    gradients: int
    optimizer: int
    buffers: int
    activations: int
    backward: int
    loss: int
    step: int
    overhead: int
    host: int

    @property
    def total(self) -> int:
        """The peak: at the loss, in the first layer of the backward pass, or at the optimizer's step."""
        always = self.weights + self.gradients + self.optimizer + self.buffers + self.overhead
        return always + max(self.activations + max(self.loss, self.backward), self.step)


def plan_memory(shape: Shape, recipe: dict, entry: dict) -> MemoryPlan:
    """The plan for a model of this shape, finetuned with the recipe and the registry entry's resources."""
    asked = resources_of(entry, recipe)
    on_node, processes = max(1, asked["gpu"]), max(1, asked["gpu"]) * asked["nodes"]
    stage = {"none": 0, "zero-2": 2, "zero-3": 3}[recipe["deepspeed"]]
    offload = recipe["offload"]
    half = recipe["precision"] == "bfloat16"
    everything, trained = shape.parameters, trained_parameters(shape, recipe)
    # DeepSpeed trains bfloat16 weights and keeps float32 ones in its optimizer; without it autocast makes bfloat16
    # copies of float32 weights.
    number = 2 if half and stage else 4
    weights = number * everything + (2 * everything if half and not stage else 0)
    if trained < everything:
        weights += number * trained
    gradients = number * trained
    optimizer = (8 if not stage else 12) * trained
    # The step makes a float32 number for each weight that it works on at a time: on a GPU all weights, on a CPU one
    # layer's; the embedding is the largest. DeepSpeed adds float32 gradients, ZeRO-3 one more copy.
    buffers, step = 0, 4 * (trained if asked["gpu"] else min(trained, 2 * shape.vocabulary * shape.hidden))
    if stage == 2:
        gradients, optimizer = gradients // processes, optimizer // processes
        buffers, step = 3 * number * min(BUCKET, trained), 8 * trained // processes
    elif stage == 3:
        weights, gradients, optimizer = (size // processes for size in (weights, gradients, optimizer))
        buffers = number * min(LIVE_PARAMETERS, everything)
        step = 12 * min(LIVE_PARAMETERS, trained // processes)
    host = 0
    if offload != "none":
        host += (optimizer + gradients + step) * on_node
        optimizer, gradients, step = 0, number * min(BUCKET, trained), 0
    if offload == "all":
        host += weights * on_node
        weights = 0
    micro = recipe.get("micro_batch_size") or recipe["batch_size"] // processes
    forward, backward = activations(shape, recipe, micro)
    return MemoryPlan(
        processes=processes,
        weights=weights,
        gradients=gradients,
        optimizer=optimizer,
        buffers=buffers,
        activations=forward,
        backward=backward,
        loss=loss(shape, recipe, micro, on_gpu=asked["gpu"] > 0),
        step=step,
        overhead=OVERHEAD if asked["gpu"] else 0,
        host=host,
    )


def trained_parameters(shape: Shape, recipe: dict) -> int:
    """Number of weights with a gradient: all, or those of the LoRA layers."""
    if "lora" not in recipe:
        return shape.parameters
    attention, key_value = shape.heads * shape.head_size, shape.key_value_heads * shape.head_size
    ends = {
        "q_proj": shape.hidden + attention,
        "k_proj": shape.hidden + key_value,
        "v_proj": shape.hidden + key_value,
        "o_proj": attention + shape.hidden,
        **dict.fromkeys(("gate_proj", "up_proj", "down_proj"), shape.hidden + shape.intermediate),
    }
    targets = recipe["lora"].get("targets", LINEAR)
    return shape.layers * recipe["lora"]["rank"] * sum(ends.get(name, 0) for name in targets)


def activations(shape: Shape, recipe: dict, micro: int) -> tuple[int, int]:
    """Bytes kept by a forward pass of `micro` examples of full length, and bytes added by one layer's backward pass.

    A layer keeps, per token: both norms' inputs and outputs, queries, keys, values (repeated for every head), the
    output of attention, and four rows of the feed-forward layer. Eager attention also keeps its scores, for every pair
    of tokens: those before and after the softmax, which is float32, and two more if they are capped. The gradients in a
    layer take about as much as it kept. With checkpointing only the layers' inputs are kept, and the layer is computed
    again before its backward pass.
    """
    half = recipe["precision"] == "bfloat16"
    size, tokens = 2 if half else 4, micro * recipe["max_length"]
    heads = shape.heads * shape.head_size
    layer = (20 if half else 24) * shape.hidden
    layer += size * (5 * heads + 2 * shape.key_value_heads * shape.head_size + 4 * shape.intermediate)
    if is_eager(shape, recipe):
        scores = (size + 4 + (size if half else 0)) + (2 * size if shape.soft_capped else 0)
        layer += scores * shape.heads * recipe["max_length"]
    if recipe["gradient_checkpointing"]:
        return tokens * size * shape.layers * shape.hidden, tokens * 5 * layer // 2  # half, as measured
    return tokens * shape.layers * layer, tokens * layer


def is_eager(shape: Shape, recipe: dict) -> bool:
    attention = recipe.get("attention") or ("eager" if shape.soft_capped else "sdpa")
    return attention == "eager"


def loss(shape: Shape, recipe: dict, micro: int, on_gpu: bool) -> int:
    """The last layer and the loss, in tiles: a tile, and in float32 the gradients of the layer's weights and inputs.

    A GPU works inside the tile, a CPU makes eight float32 copies of it. All logits at once would be micro x length x
    vocabulary numbers, several times over (see `whole_logits`).
    """
    tokens = micro * recipe["max_length"]
    tile = min(tokens, TILE_TOKENS) * min(shape.vocabulary, TILE_VOCABULARY)
    number = 2 if recipe["precision"] == "bfloat16" else 4
    weights = 4 * shape.vocabulary * shape.hidden if "lora" not in recipe else 0
    return tile * (number + (0 if on_gpu else 8 * 4)) + weights + 4 * tokens * shape.hidden


def whole_logits(shape: Shape, recipe: dict, micro: int) -> int:
    """What logits, their float32 copy, its log-softmax and both gradients would need if they were made whole."""
    number = 2 if recipe["precision"] == "bfloat16" else 4
    return micro * recipe["max_length"] * shape.vocabulary * (2 * number + 4 + 4 + (4 if number == 2 else 0))
