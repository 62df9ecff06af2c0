// Programs of Windows and of Linux.

rule miner_xmrig {
  meta: level = "malicious" threat = "miner" about = "The XMRig miner or a build of it"
  strings:
    $n1 = "xmrig" ascii nocase
    $n2 = "donate-level" ascii
    $n3 = "donate.v2.xmrig.com" ascii
    $n4 = "randomx" ascii nocase
    $n5 = "cryptonight" ascii nocase
    $n6 = "stratum+tcp://" ascii
    $n7 = "\"method\":\"login\"" ascii
    $n8 = "cn-heavy" ascii
    $n9 = "pool address" ascii nocase
    $n10 = "rx/0" ascii
    $n11 = "hashrate" ascii
  condition: (is_pe or is_elf) and ((#n1 > 2 and 4 of them) or 6 of them)
}
