"""Ports by the names that tools without `-n` print for them (`ra`, `tcpdump`): those that contacts of a
unit's machines are likely to have.
"""

from __future__ import annotations

from lamsach.logs.text.values import port_of

# Source: Debian's /etc/services (IANA's names), and a few of other systems' (`pop-3`, `loc-srv`, `rfb`).
_NAMES = """
ftp-data=20 ftp=21 ssh=22 telnet=23 smtp=25 time=37 whois=43 tacacs=49 domain=53 bootps=67 bootpc=68 tftp=69
gopher=70 finger=79 http=80 www=80 kerberos=88 iso-tsap=102 pop3=110 pop-3=110 sunrpc=111 auth=113 ident=113
nntp=119 ntp=123 epmap=135 loc-srv=135 netbios-ns=137 netbios-dgm=138 netbios-ssn=139 imap2=143 imap=143
snmp=161 snmp-trap=162 snmptrap=162 bgp=179 irc=194 ldap=389 svrloc=427 https=443 microsoft-ds=445
kpasswd=464 isakmp=500 exec=512 login=513 shell=514 syslog=514 printer=515 submissions=465 ssmtp=465 urd=465
smtps=465 rtsp=554 dhcpv6-client=546 dhcpv6-server=547 nntps=563 submission=587 ipp=631 ldaps=636
domain-s=853 rsync=873 ftps-data=989 ftps=990 telnets=992 imaps=993 pop3s=995 socks=1080 openvpn=1194
ms-sql-s=1433 ms-sql-m=1434 l2f=1701 l2tp=1701 pptp=1723 radius=1812 radius-acct=1813 ssdp=1900
cisco-sccp=2000 nfs=2049 http-proxy=8080 http-alt=8080 webcache=8080 mysql=3306 ms-wbt-server=3389
squid=3128 sip=5060 sip-tls=5061 sips=5061 xmpp-client=5222 xmpp-server=5269 postgresql=5432 mdns=5353
hostmon=5355 llmnr=5355 x11=6000 ircd=6667 https-alt=8443 ipsec-nat-t=4500 git=9418 redis=6379 amqp=5672
amqps=5671 mqtt=1883 vnc=5900 tproxy=8081 svn=3690 route=520 rfb=5900
"""
_PORTS = {name: int(port) for name, _, port in (pair.partition("=") for pair in _NAMES.split())}


def port_or_service(text: str) -> int | None:
    """A port, given as a number or as a well-known service's name; None for what is neither."""
    return _PORTS.get(text.strip()) if text[:1].isalpha() else port_of(text)
