"""Everything this room refuses, each by its own name and in both languages."""

from __future__ import annotations

from suanwang.basics.errors import Invalid


class GridInvalid(Invalid):
    """The grid cannot use this: {reason}."""

    zh = "算网无法使用：{reason}。"
    code = "grid-invalid"


class PlaceUnknown(GridInvalid):
    """There is no zone or city {found!r} in the catalogue; the nearest name is {nearest}."""

    zh = "目录中没有集群或城市 {found!r}；最接近的名称是 {nearest}。"
    code = "place-unknown"


class ProvinceUnknown(GridInvalid):
    """There is no province {found!r} in the catalogue; the nearest name is {nearest}."""

    zh = "目录中没有省份 {found!r}；最接近的名称是 {nearest}。"
    code = "province-unknown"


class ChipUnknown(GridInvalid):
    """There is no card class {found!r} in the catalogue; the nearest name is {nearest}."""

    zh = "目录中没有卡型 {found!r}；最接近的名称是 {nearest}。"
    code = "chip-unknown"


class FactorUnpublished(GridInvalid):
    """No {what} is published for {province}; the grid does not guess one."""

    zh = "{province} 没有公布的 {what}；算网不作猜测。"
    code = "factor-unpublished"


class RateUnlabelled(GridInvalid):
    """A rate needs a unit, a precision and dense or sparse; found {found!r}.

    Such as "989 TFLOPS FP16 dense".
    """

    zh = "算力须写明单位、精度以及稠密或稀疏；实际为 {found!r}。"
    code = "rate-unlabelled"


class SparseAsDense(GridInvalid):
    """{found} {precision} is the sparse rate of {chip}; its dense rate is {expected}."""

    zh = "{found} {precision} 是 {chip} 的稀疏算力；其稠密算力为 {expected}。"
    code = "sparse-as-dense"


class RateImplausible(GridInvalid):
    """{found} {precision} dense is above what {chip} can do, which is {expected}."""

    zh = "{found} {precision} 稠密超过 {chip} 的能力上限 {expected}。"
    code = "rate-implausible"


class FieldMissing(GridInvalid):
    """{field} is missing."""

    zh = "缺少 {field}。"
    code = "fact-missing"


class FieldUnknown(GridInvalid):
    """There is no field {field}; possible here: {possible}."""

    zh = "没有字段 {field}；此处可用：{possible}。"
    code = "fact-unknown"


class FieldNotMapping(GridInvalid):
    """{field} must be an object with named fields; found {found!r}."""

    zh = "{field} 须为带字段名的对象；实际为 {found!r}。"
    code = "fact-not-mapping"


class FieldNotText(GridInvalid):
    """{field} must be a text of 1 to {most} printable characters; found {found!r}."""

    zh = "{field} 须为 1 至 {most} 个可显示字符的文本；实际为 {found!r}。"
    code = "fact-not-text"


class FieldNotNumber(GridInvalid):
    """{field} must be a number from {least} to {most}; found {found!r}."""

    zh = "{field} 须为 {least} 至 {most} 之间的数；实际为 {found!r}。"
    code = "fact-not-number"


class FieldNotWhole(GridInvalid):
    """{field} must be a whole number from {least} to {most}; found {found!r}."""

    zh = "{field} 须为 {least} 至 {most} 之间的整数；实际为 {found!r}。"
    code = "fact-not-whole"


class FieldNotPrice(GridInvalid):
    """{field} must be an amount in yuan from 0 to {most} such as "3.20"; found {found!r}."""

    zh = "{field} 须为 0 至 {most} 元的金额，如 “3.20”；实际为 {found!r}。"
    code = "fact-not-price"


class FieldNotList(GridInvalid):
    """{field} must be a list of at most {most} items; found {found!r}."""

    zh = "{field} 须为至多 {most} 项的列表；实际为 {found!r}。"
    code = "fact-not-list"


class FieldNotOneOf(GridInvalid):
    """{field} must be one of {possible}; found {found!r}."""

    zh = "{field} 须为 {possible} 之一；实际为 {found!r}。"
    code = "fact-not-one-of"


class HourPricedTwice(GridInvalid):
    """Hour {hour} is in {left} and in {right}; an hour has one price."""

    zh = "第 {hour} 时同时属于 {left} 与 {right}；每小时只有一个价格。"
    code = "hour-priced-twice"


class PeriodsDiffer(GridInvalid):
    """The periods with hours ({hours}) and those with factors ({factors}) must be the same."""

    zh = "有时段的分时（{hours}）与有系数的分时（{factors}）必须一致。"
    code = "periods-differ"


class ClassUnpriced(GridInvalid):
    """The price table has no price for {card_class}; it has {possible}."""

    zh = "价目表中没有 {card_class} 的价格；现有：{possible}。"
    code = "class-unpriced"


class ZoneNotOfCentre(GridInvalid):
    """Zone {zone} is none of the ten zones and not the centre's city {city}."""

    zh = "{zone} 既不在十大集群之列，也不是该中心所在城市 {city}。"
    code = "zone-not-of-centre"
