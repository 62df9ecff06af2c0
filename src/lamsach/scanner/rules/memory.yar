// Rules for the memory of running processes: what malware shows only there.

rule memory_miner {
  meta: level = "suspicious" threat = "miner" about = "A miner logged in to a pool"
  strings:
    $l = /"method":\s?"login",\s?"params":\s?\{\s?"login":\s?"[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}/
    $d = "donate.v2.xmrig.com" ascii
    $r = "randomx" ascii nocase
    $c = "cryptonight" ascii nocase
    $s = "stratum+tcp://" ascii
  condition: $l or ($d and $r and ($c or $s))
}

rule memory_beacon {
  meta: level = "suspicious" threat = "remote_control" about = "The settings of a Cobalt Strike beacon"
  strings:
    // type, length and value records, XOR 0x69 (version 3) and 0x2E (version 4)
    $v3 = { 69 68 69 68 69 6B ?? ?? 69 6B 69 68 69 6B }
    $v4 = { 2E 2F 2E 2F 2E 2C ?? ?? 2E 2C 2E 2F 2E 2C }
  condition: any of them
}

rule memory_bot_mirai {
  meta: level = "suspicious" threat = "bot" about = "A bot of the Mirai family"
  strings:
    $a1 = "MIRAI: applet not found"
    $a2 = "/bin/busybox MIRAI"
    $a3 = "TSource Engine Query"
  condition: 2 of them
}
