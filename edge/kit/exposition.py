"""Numbers for whoever watches a machine: the text format 0.0.4 of Prometheus
(https://prometheus.io/docs/instrumenting/exposition_formats/)."""

from collections.abc import Mapping
from typing import Final

MEDIA_TYPE: Final = "text/plain; version=0.0.4"
Samples = list[tuple[str, float]]  # what stands behind the name (nothing, or labels), value
Metrics = Mapping[str, tuple[str, str]]  # name -> type and help


def text(metrics: Metrics, values: Mapping[str, Samples]) -> str:
    """Each metric with its samples, in their order; one without samples is known to exist, and no more."""
    lines: list[str] = []
    for name, (kind, why) in metrics.items():
        lines += [f"# HELP {name} {why}", f"# TYPE {name} {kind}"]
        lines += [f"{name}{rest} {value}" for rest, value in values[name]]
    return "\n".join(lines) + "\n"


def labels(**named: str) -> str:
    """`{name="value"}`, escaped."""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in named.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
