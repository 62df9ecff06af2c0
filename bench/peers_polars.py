"""The search in Polars.

A lazy, streaming scan of the needed columns, then semi-joins of the distinct values.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

_DNS = (
    "ts uid orig_h orig_p resp_h resp_p proto trans_id rtt query qclass qclass_name qtype qtype_name rcode "
    "rcode_name aa tc rd ra z answers ttls rejected"
)
_CONN = (
    "ts uid orig_h orig_p resp_h resp_p proto service duration orig_bytes resp_bytes conn_state "
    "local_orig local_resp missed_bytes history "
    "orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents"
)
_BIND = "date time category level client handle address name word query class type flags server"
_LONGEST_NAME = 8
"""Labels of the longest exploded name; the logs have fewer."""


def _scan(path: str, separator: str, columns: str) -> pl.LazyFrame:
    return pl.scan_csv(
        path,
        separator=separator,
        has_header=False,
        quote_char=None,
        comment_prefix="#",
        schema=dict.fromkeys(columns.split(), pl.String),
    )


def _lines(path: str) -> pl.LazyFrame:
    return pl.scan_csv(path, separator="\x01", has_header=False, quote_char=None, schema={"line": pl.String})


def _read(name: str, path: str) -> pl.LazyFrame:
    """Return the relevant columns of one format: some of name, address, url, hash."""
    line = pl.col("line")
    if name == "zeek_dns":
        return _scan(path, "\t", _DNS).select(name=pl.col("query").str.to_lowercase())
    if name == "zeek_conn":
        return _scan(path, "\t", _CONN).select(address="resp_h")
    if name == "bind":
        return _scan(path, " ", _BIND).select(name=pl.col("query").str.to_lowercase())
    if name == "squid":
        # Counted from the line's end, since the duration is padded with spaces: ... method, URL, user, peer,
        # type.
        parts = line.str.split(" ").list
        target, peer = pl.col("target"), pl.col("peer")
        is_url = target.str.contains("://", literal=True)
        host = pl.when(is_url).then(target.str.split("/").list.get(2, null_on_oob=True)).otherwise(target)
        return (
            _lines(path)
            .select(target=parts.get(-4), peer=parts.get(-2))
            .select(
                name=host.str.split(":").list.get(0).str.to_lowercase(),
                address=peer.str.split("/").list.get(1, null_on_oob=True),
                url=pl.when(is_url).then(target),
            )
        )
    if name == "fortigate":
        return _lines(path).select(
            name=line.str.extract(r' hostname="([^"]*)"').str.to_lowercase(),
            address=line.str.extract(r" dstip=([0-9.]+)"),
            url=line.str.extract(r' url="([^"]*)"'),
        )
    text = pl.String
    schema = {
        "dest_ip": text,
        "dns": pl.Struct({"rrname": text}),
        "tls": pl.Struct({"sni": text}),
        "http": pl.Struct({"hostname": text, "url": text}),
        "fileinfo": pl.Struct({"sha256": text}),
    }
    host = pl.col("http").struct.field("hostname")
    return pl.scan_ndjson(path, schema=schema).select(
        name=pl.coalesce(
            pl.col("dns").struct.field("rrname"), pl.col("tls").struct.field("sni"), host
        ).str.to_lowercase(),
        address="dest_ip",
        url=pl.concat_str(pl.lit("http://"), host, pl.col("http").struct.field("url")),
        hash=pl.col("fileinfo").struct.field("sha256"),
    )


def count(name: str, path: str, values: Mapping[str, pl.Series]) -> int:
    """Count the matching lines; `values` holds the list by kind."""
    log = _read(name, path).collect(engine="streaming")
    conditions: list[pl.Expr] = []
    if "name" in log.columns:
        conditions.append(pl.col("name").is_in(_bad_names(log["name"], values["domain"]).implode()))
    if "address" in log.columns:
        conditions.append(
            pl.col("address").is_in(
                _bad_addresses(log["address"], values["address"], values["network"]).implode()
            )
        )
    conditions += [
        pl.col(column).is_in(_among(log[column], values[column]).implode())
        for column in ("url", "hash")
        if column in log.columns
    ]
    return log.select(pl.any_horizontal(conditions).fill_null(value=False).sum()).item()


def _among(column: pl.Series, values: pl.Series) -> pl.Series:
    """Return the distinct values of the column that are in the list."""
    distinct = pl.DataFrame({"value": column.unique().drop_nulls()})
    return distinct.join(pl.DataFrame({"value": values}), on="value", how="semi")["value"]


def _bad_names(names: pl.Series, domains: pl.Series) -> pl.Series:
    distinct = pl.DataFrame({"name": names.unique().drop_nulls()})
    tails = [
        pl.col("name").str.extract(rf"((?:[^.]+\.){{{labels - 1}}}[^.]+)$").alias(str(labels))
        for labels in range(2, _LONGEST_NAME)
    ]
    exploded = distinct.with_columns(suffix=pl.concat_list(tails)).explode("suffix").drop_nulls()
    return exploded.join(pl.DataFrame({"suffix": domains}), on="suffix", how="semi")["name"].unique()


def _bad_addresses(addresses: pl.Series, listed: pl.Series, networks: pl.Series) -> pl.Series:
    distinct = pl.DataFrame({"address": addresses.unique().drop_nulls()})
    exact = distinct.join(pl.DataFrame({"address": listed}), on="address", how="semi")["address"]
    parts = pl.DataFrame({"network": networks}).select(
        start=_number(pl.col("network").str.split("/").list.get(0)),
        length=pl.col("network").str.split("/").list.get(1).cast(pl.Int64),
    )
    numbers = distinct.with_columns(number=_number(pl.col("address"))).drop_nulls()
    found = [exact]
    for length in parts["length"].unique():
        divisor = 2 ** (32 - length)
        prefixes = parts.filter(pl.col("length") == length).select(prefix=pl.col("start") // divisor)
        found.append(
            numbers.with_columns(prefix=pl.col("number") // divisor).join(prefixes, on="prefix", how="semi")[
                "address"
            ]
        )
    return pl.concat(found).unique()


def _number(address: pl.Expr) -> pl.Expr:
    parts = address.str.split(".").list
    octets = [
        parts.get(index, null_on_oob=True).cast(pl.Int64, strict=False) * 256 ** (3 - index)
        for index in range(4)
    ]
    return octets[0] + octets[1] + octets[2] + octets[3]
