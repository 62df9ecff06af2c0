// Programs of Windows, and compiled AutoIt scripts.

rule activator_program {
  meta: level = "risk" threat = "activator" about = "A program that gets round the activation of Windows or Office"
  strings:
    $n1 = "KMSAuto" ascii wide nocase
    $n2 = "KMSpico" ascii wide nocase
    $n3 = "HEU KMS Activator" ascii wide nocase
    $n4 = "KMSELDI" ascii wide
    $n5 = "AutoPico" ascii wide
    $n6 = "Re-Loader Activator" ascii wide nocase
    $n7 = "vlmcsd" ascii wide
    $n8 = "AAct Network" ascii wide nocase
    $n9 = "Daz's Windows Loader" ascii wide nocase
    $u1 = "/skms" ascii wide nocase
    $u2 = "/ato" ascii wide nocase
    $u3 = "SppExtComObj" ascii wide nocase
    $u4 = "SoftwareLicensingService" ascii wide nocase
    $u5 = "SetKeyManagementServiceMachine" ascii wide nocase
    $u6 = "OSPPSVC" ascii wide nocase
  condition: is_pe and any of ($n*) and 2 of ($u*)
}

rule patcher_program {
  meta: level = "risk" threat = "crack" about = "A key generator or patcher of a cracking group"
  strings:
    $a1 = "keygen" ascii wide nocase
    $a2 = "Patch successful" ascii wide nocase
    $a3 = "uPPP" ascii wide
    $a4 = "dUP2" ascii wide
    $a5 = "diablo2oo2" ascii wide
    $a6 = "Generate serial" ascii wide nocase
    $a7 = "Backup original file" ascii wide nocase
    $m1 = "Extended Module: " ascii
    $m2 = "FastTracker v2" ascii
    $m3 = "BASSMOD" ascii wide
    $m4 = "uFMOD" ascii wide
  condition: is_pe and filesize < 20MB and 2 of ($a*) and any of ($m*, $a3, $a4, $a5)
}

rule loader_autoit {
  meta: level = "suspicious" threat = "loader" about = "A compiled AutoIt script that runs code in memory or looks for sandboxes"
  strings:
    $h = { A3 48 4B BE 98 6C 4A A9 99 4C 53 0A 86 D6 48 7D }
    $a1 = "VirtualAlloc" wide ascii nocase
    $a2 = "CallWindowProc" wide ascii nocase
    $a3 = "RtlDecompressFragment" wide ascii nocase
    $a4 = "avastui.exe" wide ascii nocase
    $a5 = "NtUnmapViewOfSection" wide ascii nocase
  condition: $h in (0..filesize) and filesize < 20MB and (is_pe or $h at 0) and 2 of ($a*)
}

rule stealer_program {
  meta: level = "malicious" threat = "stealer" about = "A program that reads the passwords and wallets of many other programs"
  strings:
    $b1 = "\\Login Data" ascii wide
    $b2 = "\\Web Data" ascii wide
    $b3 = "encrypted_key" ascii wide
    $b4 = "logins.json" ascii wide
    $b5 = "\\Local State" ascii wide
    $w1 = "wallet.dat" ascii wide
    $w2 = "\\Exodus\\" ascii wide nocase
    $w3 = "\\Electrum\\" ascii wide nocase
    $w4 = "nkbihfbeogaeaoehlefnkodbefgpgknn" ascii wide
    $w5 = "atomic\\Local Storage" ascii wide
    $w6 = "ibnejdfjmmkpcnlpebklmnkoeoihofec" ascii wide
    $c1 = "\\tdata" ascii wide
    $c2 = "discord\\Local Storage" ascii wide nocase
    $c3 = "recentservers.xml" ascii wide
    $c4 = "loginusers.vdf" ascii wide
    $c5 = "\\Outlook\\9375CFF0413111d3B88A00104B2A6676" ascii wide nocase
    $c6 = "WinSCP 2\\Sessions" ascii wide
    $x1 = /api\.telegram\.org\/bo[t]/ ascii wide
    $x2 = "discord.com/api/webhooks" ascii wide
    $x3 = "ip-api.com" ascii wide
    $x4 = "api.ipify.org" ascii wide
    $x5 = "screenshot" ascii wide nocase
  condition: is_pe and filesize < 60MB and 2 of ($b*) and ((any of ($w*) and any of ($c*)) or 3 of ($w*) or 3 of ($c*)) and (any of ($x*) or (2 of ($w*) and 2 of ($c*)))
}
