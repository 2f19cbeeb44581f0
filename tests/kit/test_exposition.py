"""Numbers as Prometheus reads them: https://prometheus.io/docs/instrumenting/exposition_formats/."""

from edge.kit.exposition import labels, text


def test_each_metric_says_what_it_is_also_where_it_has_no_sample() -> None:
    metrics = {"a_total": ("counter", "What came."), "b": ("gauge", "What is.")}
    values = {"a_total": [(labels(code="X"), 2.0), ("", 3.0)], "b": []}
    assert text(metrics, values) == (
        '# HELP a_total What came.\n# TYPE a_total counter\na_total{code="X"} 2.0\na_total 3.0\n'
        "# HELP b What is.\n# TYPE b gauge\n"
    )


def test_a_label_holds_any_text() -> None:
    assert labels(reader='till "1"\\\n', at="x") == '{reader="till \\"1\\"\\\\\\n",at="x"}'
