"""What TensorBoard's table of hyperparameters shows: of the run by which it compares, of a trial its settings and its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from dlbench.export.tensorboard.event_file import Value

Setting: TypeAlias = float | str | bool


def experiment(settings: Sequence[Mapping[str, Setting]], tags: Sequence[str], started: float) -> list[Value]:
    """Which settings and which metrics trials are compared by; of every setting all values have one type."""
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    first: dict[str, Setting] = {}
    for own in settings:
        first |= {name: value for name, value in own.items() if name not in first}
    told = api_pb2.Experiment(
        hparam_infos=[api_pb2.HParamInfo(name=name, type=_type(value)) for name, value in first.items()],
        metric_infos=[api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag)) for tag in tags],
        time_created_secs=started,
    )
    return [_value(metadata.EXPERIMENT_TAG, plugin_data_pb2.HParamsPluginData(experiment=told))]


def session(settings: Mapping[str, Setting], group: str, started: float) -> list[Value]:
    """One trial's settings; those of one `group` differ in their seeds only."""
    from tensorboard.plugins.hparams import metadata, plugin_data_pb2

    told = plugin_data_pb2.SessionStartInfo(group_name=group, start_time_secs=started)
    for name, value in settings.items():
        if isinstance(value, bool):
            told.hparams[name].bool_value = value
        elif isinstance(value, str):
            told.hparams[name].string_value = value
        else:
            told.hparams[name].number_value = value
    return [_value(metadata.SESSION_START_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_start_info=told))]


def session_end(ended: float, *, is_success: bool) -> list[Value]:
    """How one trial ended, and when, in seconds since 1970."""
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    status = api_pb2.STATUS_SUCCESS if is_success else api_pb2.STATUS_FAILURE
    told = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=ended)
    return [_value(metadata.SESSION_END_INFO_TAG, plugin_data_pb2.HParamsPluginData(session_end_info=told))]


def _value(tag: str, content: Any) -> Value:
    """A value of the plug-in's own, which has no number."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import metadata

    return Summary.Value(tag=tag, metadata=metadata.create_summary_metadata(content))


def _type(value: Setting) -> Any:
    from tensorboard.plugins.hparams import api_pb2

    if isinstance(value, bool):
        return api_pb2.DATA_TYPE_BOOL
    return api_pb2.DATA_TYPE_STRING if isinstance(value, str) else api_pb2.DATA_TYPE_FLOAT64
