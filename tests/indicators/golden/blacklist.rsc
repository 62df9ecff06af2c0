# 2024-01-01 by RouterOS
/ip firewall address-list
add address=203.0.113.5 comment="Mirai C2" list=blacklist
add address=203.0.113.0/24 list=blacklist timeout=1d
add address=198.51.100.1-198.51.100.4 \
    list=blacklist
add address=evil-a.top list=blacklist
add address=198.51.100.77 list=whitelist
/ip dns static
add address=127.0.0.1 name=evil-b.top
add regexp="(^|\\.)evil-c\\.top\$" address=127.0.0.1
add name=evil-d.top disabled=yes
/system identity
set name=evil-z.top
