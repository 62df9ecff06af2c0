// Programs of Linux.

rule bot_mirai {
  meta: level = "malicious" threat = "bot" about = "A bot of the Mirai family"
  strings:
    $a1 = "/bin/busybox MIRAI"
    $a2 = "MIRAI: applet not found"
    $a3 = "TSource Engine Query"
    $a4 = "/proc/net/tcp"
    $a5 = "/dev/watchdog"
    $a6 = "/dev/misc/watchdog"
    $a7 = "POST /cdn-cgi/"
    $a8 = "listening tun0"
    $a9 = "/bin/busybox"
    $a10 = "GET /shell?cd+/tmp"
    $a11 = "/ctrlt/DeviceUpgrade_1"
    $a12 = "soap.cgi?service=WANIPConn1"
    $a13 = "XWEB"
  condition: is_elf and filesize < 5MB and (any of ($a1, $a2, $a10, $a11) or 4 of them)
}
