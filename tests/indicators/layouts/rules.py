"""Lists in rules: response policy zones, Suricata, YARA."""

from __future__ import annotations

from .layout import layout, md5, sha256

LAYOUTS = [
    layout(
        "rpz.zone",
        "$TTL 60\n@ IN SOA localhost. root.localhost. 1 1h 15m 30d 2h\n  IN NS localhost.\n"
        "evil-z1.site CNAME .\n*.evil-z1.site CNAME .\n32.250.113.0.203.rpz-ip CNAME .\n"
        "24.0.100.51.198.rpz-ip CNAME *.\ngood-z.site CNAME rpz-passthru.\nevil-z2.site A 192.0.2.1\n",
        "evil-z1.site 203.0.113.250 198.51.100.0/24 evil-z2.site",
    ),
    layout(
        "suri.rules",
        'drop ip $HOME_NET any -> [203.0.113.57/32,198.51.100.0/27] any (msg:"x"; sid:1;)\n'
        'alert tls any any -> any any (tls.sni; content:"evil-r1.site"; startswith; endswith; msg:"y"; '
        'sid:2;)\nalert http any any -> any any (http.host; content:"evil-r2.site"; http.uri; '
        'content:"/gate.php"; msg:"z"; sid:3;)\npass ip 203.0.113.58 any -> any any (sid:4;)\n',
        "203.0.113.57 198.51.100.0/27 evil-r1.site evil-r2.site",
        "http://evil-r2.site/gate.php",
    ),
    layout(
        "yara.yar",
        (
            'import "hash"\nrule X {{ meta: reference="https://blog.vendor-x.com/y" hash1="{}" md5="{}" '
            'strings: $a="http://evil-y1.site/a" $b="203.0.113.59" condition: '
            'hash.sha256(0,filesize)=="{}" or any of them }}\n'
        ).format(sha256("c"), md5("c"), sha256("d")),
        " ".join([sha256("c"), md5("c"), sha256("d")]),
        "http://evil-y1.site/a 203.0.113.59",
    ),
]
