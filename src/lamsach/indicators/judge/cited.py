"""Sites that advisories and lists cite: security vendors, authorities, makers of software, news (own reading of published advisories, 2026-11)."""

from __future__ import annotations

_CITED = """
    wikipedia.org virustotal.com any.run tria.ge hybrid-analysis.com joesandbox.com abuse.ch mitre.org nist.gov cisa.gov us-cert.gov cert.org first.org ncsc.gov.uk
    enisa.europa.eu stopransomware.gov welivesecurity.com eset.com esetstatic.com kaspersky.com securelist.com talosintelligence.com cisco.com fireeye.com mandiant.com
    paloaltonetworks.com crowdstrike.com symantec.com broadcom.com mcafee.com trellix.com trendmicro.com sophos.com bitdefender.com avast.com avast.io
    avg.com gendigital.com malwarebytes.com checkpoint.com fortinet.com fortiguard.com proofpoint.com zscaler.com sentinelone.com sentinelone.org rapid7.com
    recordedfuture.com securityweek.com bleepingcomputer.com thehackernews.com krebsonsecurity.com darkreading.com zdnet.com arstechnica.com
    group-ib.com volexity.com sekoia.io elastic.co huntress.com redcanary.com cert.europa.eu cyble.com ahnlab.com ptsecurity.com secureworks.com harfanglab.io
    withsecure.com netskope.com akamai.com cloudflare.com f5.com ivanti.com sonicwall.com zyxel.com mikrotik.com exploit-db.com cve.org vuldb.com ncsc.nl bsi.bund.de
    anssi.fr cert.ssi.gouv.fr jpcert.or.jp krcert.or.kr boho.or.kr cyber.gov.au cyber.gc.ca csa.gov.sg cert.pl cert.gov.ua ic3.gov fbi.gov nsa.gov justice.gov cyfirma.com
    threatpost.com team-cymru.com shadowserver.org spamhaus.org misp-project.org oasis-open.org technet.com
    mozilla.org apache.org python.org php.net asp.net node.js pic.twitter.com twimg.com adobe.com oracle.com vmware.com citrix.com intel.com nmap.org wireshark.org
    www.microsoft.com msrc.microsoft.com azure.microsoft.com blogs.microsoft.com security.microsoft.com support.google.com cloud.google.com support.apple.com support.microsoft.com learn.microsoft.com docs.microsoft.com techcommunity.microsoft.com vmray.com esentire.com t.co socket.io crates.io pypi.org npmjs.com npmjs.org nodejs.org docker.com docker.io jquery.com maven.org go.dev
    openphish.com phishtank.com phishtank.org malwaredomains.com malwaredomainlist.com malwarepatrol.net shodan.io censys.io urlscan.io
    cert.ee ria.ee cert.at govcert.ch ncsc.admin.ch nukib.cz csirt.cz sk-cert.sk nksc.lt cert.lv cert.se cert.hr dnsc.ro cert-in.org.in twcert.org.tw cncert.org.cn thaicert.or.th
    mycert.org.my kisa.or.kr cert.br ccn-cert.cni.es incibe.es csirt.gov.it cfcs.dk kyberturvallisuuskeskus.fi cert.govt.nz ccb.belgium.be bssn.go.id
    cybereason.com morphisec.com cofense.com intezer.com inquest.net deepinstinct.com blackberry.com lookout.com zimperium.com dragos.com claroty.com prodaft.com domaintools.com
    reversinglabs.com threatfabric.com cleafy.com drweb.com gdatasoftware.com alienvault.com securityintelligence.com bambenekconsulting.com malware-traffic-analysis.net
    shields.io opensource.org creativecommons.org archive.org readthedocs.io
    w3.org schema.org purl.org openxmlformats.org xmlsoap.org
    gov.vn ais.gov.vn mic.gov.vn ncsc.gov.vn khonggianmang.vn vncert.vn vncert.gov.vn bkav.com bkav.com.vn viettelcybersecurity.com
    chinhphu.vn quochoi.vn dcs.vn nhandan.vn vtv.vn vov.vn vnexpress.net tuoitre.vn thanhnien.vn dantri.com.vn vietnamnet.vn vietnamplus.vn
    vietcombank.com.vn techcombank.com.vn techcombank.com bidv.com.vn vietinbank.vn agribank.com.vn mbbank.com.vn acb.com.vn vpbank.com.vn tpb.vn
    sacombank.com.vn vib.com.vn hdbank.com.vn shb.com.vn msb.com.vn momo.vn zalopay.vn vnpay.vn napas.com.vn evn.com.vn shopee.vn lazada.vn tiki.vn
    viettel.com.vn vnpt.vn cystack.net fpt.vn
"""
_PUBLISHERS = frozenset(_CITED.split())
_PLATFORM_NAMES = """google.com microsoft.com bing.com apple.com amazon.com facebook.com youtube.com twitter.com x.com linkedin.com
    github.com gitlab.com medium.com office.com windows.com zalo.me"""
PLATFORMS = frozenset(_PLATFORM_NAMES.split())
"""Sites of which the bare name is a mention, while a page of theirs may well be malicious."""

RESOLVERS = frozenset(
    [
        "8.8.8.8",
        "8.8.4.4",
        "1.1.1.1",
        "1.0.0.1",
        "9.9.9.9",
        "149.112.112.112",
        "208.67.222.222",
        "208.67.220.220",
        "4.2.2.1",
        "4.2.2.2",
        "114.114.114.114",
        "223.5.5.5",
        "223.6.6.6",
        "119.29.29.29",
        "77.88.8.8",
        "94.140.14.14",
        "2001:4860:4860::8888",
        "2001:4860:4860::8844",
        "2606:4700:4700::1111",
    ]
)
"""Addresses of public name servers, which malware asks as everybody does."""


def is_cited(name: str) -> bool:
    """Whether a name is that of a site which advisories and lists cite, or stands below one of a great platform."""
    while name:
        if name in _PUBLISHERS or name in PLATFORMS:
            return True
        name = name.partition(".")[2]
    return False


def published(name: str) -> bool:
    """Whether a name, or one above it, is that of a site which advisories cite."""
    while name:
        if name in _PUBLISHERS:
            return True
        name = name.partition(".")[2]
    return False
