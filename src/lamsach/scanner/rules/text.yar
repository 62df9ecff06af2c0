// Everything else: scripts, settings, shortcuts, the test file. Each rule asks for less than 4 MB; larger files are not searched by them.

rule test_file_eicar {
  meta: level = "malicious" threat = "test" about = "The EICAR test file (eicar.org): harmless, for trying out a scanner"
  strings: $a = { 58 35 4F 21 50 25 40 41 50 5B 34 5C 50 5A 58 35 34 28 50 5E 29 37 43 43 29 37 7D 24 45 49 43 41 52 2D 53 54 41 4E 44 41 52 44 2D 41 4E 54 49 56 49 52 55 53 2D 54 45 53 54 2D 46 49 4C 45 21 24 48 2B 48 2A }
  condition: filesize <= 128 and $a at 0
}

rule activation_script {
  meta: level = "risk" threat = "activator" about = "A script that gets round the activation of Windows or Office"
  strings:
    $b1 = /@ech[o] off/ nocase
    $b2 = /@se[t] / nocase
    $b3 = /#Require[s] -/ nocase
    $n1 = "Ohook Activation" nocase
    $n2 = "KMS38 Activation" nocase
    $n3 = "HWID Activation" nocase
    $n4 = "TSforge Activation" nocase
    $k1 = "slmgr" nocase
    $k2 = "/skms" nocase
    $k3 = "/ato" nocase
    $k4 = "/ipk" nocase
    $s1 = "kms.digiboy.ir" nocase
    $s2 = /kms[0-9]{0,3}\.(msguides|chinancce|03k|lotro|loli)\.[a-z]{2,4}/ nocase
    $s3 = "kms8.msguides.com" nocase
  condition: is_small_text and any of ($b*) and (2 of ($n*) or (all of ($k*) and any of ($s*)))
}

rule loader_batch_checks_antivirus {
  meta: level = "malicious" threat = "loader" about = "A batch file of cracked-software bundles: looks for antivirus programs, joins pieces, starts the result"
  strings:
    $t = /taskl[i]st/ nocase
    $f = "findstr" nocase
    $v1 = "wrsa.exe" nocase
    $v2 = "opssvc.exe" nocase
    $v3 = "avastui.exe" nocase
    $v4 = "avgui.exe" nocase
    $v5 = "nswscsvc.exe" nocase
    $v6 = "sophoshealth.exe" nocase
    $v7 = "bdservicehost" nocase
    $v8 = "ekrn" nocase
    $c1 = "copy /b" nocase
    $c2 = "cmd /c " nocase
    $c3 = /Set [A-Za-z]{4,30}=[A-Za-z0-9]{1,3}\r?\n/
  condition: is_small_text and $t and $f and 3 of ($v*) and any of ($c*)
}

rule miner_settings {
  meta: level = "malicious" threat = "miner" about = "Settings of a miner: a pool, an algorithm and a wallet"
  strings:
    $a = "\"donate-level\"" nocase
    $b = "\"pools\"" nocase
    $c = /"(algo|coin)"\s{0,9}:\s{0,9}("(rx|cn|monero|kawpow|ghostrider|argon2)|null)/ nocase
    $d = /"url"\s{0,9}:\s{0,9}"[^"]{4,200}:\d{2,5}"/
    $w = /"user"\s{0,9}:\s{0,9}"[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}/
  condition: filesize < 256KB and uint8(0) == 0x7B and $d and (($a and $b and $c) or $w)
}

rule miner_script {
  meta: level = "malicious" threat = "miner" about = "A script that fetches or starts a miner with a wallet"
  strings:
    $p = /stratum\+(tcp|ssl|tls):\/\/[a-z0-9.-]{4,100}:\d{2,5}/ nocase
    $w = /(^|[^0-9A-Za-z])[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}($|[^0-9A-Za-z])/
    $r1 = "nohup " nocase
    $r2 = "chmod +x" nocase
    $r3 = "crontab" nocase
    $r4 = "pkill" nocase
    $r5 = "DownloadFile" nocase
    $r6 = "Start-Process" nocase
    $r7 = "schtasks" nocase
    $r8 = "wget " nocase
    $r9 = "curl " nocase
  condition: is_small_text and is_script and (is_script_head or not is_listing) and ($p or $w) and 2 of ($r*) and ($w or $r4)
}

rule stealer_script {
  meta: level = "malicious" threat = "stealer" about = "A script that reads saved passwords and sends them out"
  strings:
    $a1 = "CryptUnprotectData" nocase
    $a2 = "Login Data"
    $a3 = "Local State"
    $a4 = "leveldb"
    $a5 = "wallet" nocase
    $x1 = /api\.telegram\.org\/bo[t]/
    $x2 = /discord(app)?\.com\/api\/webhooks\/\d{6,25}\//
    $x3 = /webhook\.sit[e]\//
  condition: is_small_text and is_script and (is_script_head or not is_listing) and 2 of ($a*) and any of ($x*)
}

rule dropper_powershell {
  meta: level = "suspicious" threat = "dropper" about = "A hidden PowerShell command that fetches code and runs it"
  strings:
    $p = /powershell(\.exe)?["']?\s{1,9}[^\r\n]{0,200}-(e|en|enc|enco|encodedcommand|w|wi|win|windowstyle)\s/ nocase
    $h = /-w(i|in|indowstyle)?\s{1,9}(h|hid|hidden|1)\b/ nocase
    $d1 = "DownloadString(" nocase
    $d2 = "DownloadFile(" nocase
    $d3 = "DownloadData(" nocase
    $d4 = "Invoke-WebRequest" nocase
    $d5 = "FromBase64String(" nocase
    $r1 = "IEX" fullword nocase
    $r2 = "Invoke-Expression" nocase
    $r3 = "Reflection.Assembly]::Load" nocase
    $r4 = "Start-Process" nocase
    $e = /-(e|en|enc|encodedcommand)\s{1,9}[A-Za-z0-9+\/]{120}/ nocase
  condition: is_small_text and filesize < 1MB and $h and (($p and any of ($d*) and any of ($r*)) or $e)
}

rule dropper_windows_script {
  meta: level = "malicious" threat = "dropper" about = "A Windows script that fetches a program, saves it and starts it"
  strings:
    $s1 = /(CreateObject\s?\(|new ActiveXObject\()\s?["']WScript\.Shell["']/ nocase
    $f1 = "MSXML2.XMLHTTP" nocase
    $f2 = "MSXML2.ServerXMLHTTP" nocase
    $f3 = "WinHttp.WinHttpRequest" nocase
    $g = "ADODB.Stream" nocase
    $h = "SaveToFile" nocase
    $r = /\.(Run|Exec|ShellExecute)\b/ nocase
  condition: is_small_text and filesize < 1MB and $s1 and any of ($f*) and $g and $h and $r
}

rule dropper_shortcut {
  meta: level = "malicious" threat = "dropper" about = "A shortcut that starts a hidden script fetching from the internet"
  strings:
    $p1 = "powershell" ascii wide nocase
    $p2 = "mshta" ascii wide nocase
    $p3 = "cmd.exe" ascii wide nocase
    $u1 = "http://" ascii wide nocase
    $u2 = "https://" ascii wide nocase
    $f1 = "DownloadString" ascii wide nocase
    $f2 = "DownloadFile" ascii wide nocase
    $f3 = "Invoke-WebRequest" ascii wide nocase
    $f4 = "iwr " ascii wide nocase
    $f5 = "curl " ascii wide nocase
    $f6 = "-enc" ascii wide nocase
    $f7 = "FromBase64String" ascii wide nocase
    $f8 = "irm " ascii wide nocase
  condition: uint32(0) == 0x0000004C and uint32(4) == 0x00021401 and filesize < 1MB and
    (($p2 and any of ($u*)) or (any of ($p1, $p3) and any of ($f*) and (any of ($u*) or $f6 or $f7)))
}

rule dropper_shell {
  meta: level = "malicious" threat = "dropper" about = "A shell script that fetches programs for several processors and starts them (Mirai and its kin)"
  strings:
    $c = /cd \/tmp\s{0,3}(\|\||;)\s{0,3}cd \/(var|mnt|root|dev|run)/
    $f = /(wget|curl|tftp|ftpget)\s[^\r\n]{0,200}(\d{1,3}\.){3}\d{1,3}/
    $m1 = "mips" nocase
    $m2 = "mpsl" nocase
    $m3 = "armv" nocase
    $m4 = "arm7" nocase
    $m5 = "x86" nocase
    $m6 = "sh4" nocase
    $x1 = "chmod 777"
    $x2 = "chmod +x"
    $k = /rm -rf? /
  condition: is_small_text and filesize < 256KB and $c and $f and any of ($x*) and ($k or 2 of ($m*))
}

rule dropper_shell_piped {
  meta: level = "suspicious" threat = "dropper" about = "A shell script that decodes hidden text and runs it, or hands a shell to another machine"
  strings:
    $b = /base64\s{1,3}(-d|-D|--decode)\s{0,5}\|\s{0,5}(ba|da|z)?sh\b/
    $t = /bash\s{1,3}-i\s{0,5}>(&|\|)\s{0,5}\/dev\/tcp\/[0-9a-z.-]{4,100}\/\d{1,5}/
    $n = /mkfifo [^\r\n;]{1,80};[^\r\n]{0,200}\|\s{0,3}(nc|ncat) [^\r\n]{1,80}>/
  condition: (is_shell or filesize < 4KB) and is_small_text and any of them
}

rule webshell_php {
  meta: level = "malicious" threat = "webshell" about = "A PHP page that runs what a visitor sends"
  strings:
    $p = /<\?(ph[p]|=|\s)/ nocase
    $a1 = /\b(eval|assert|system|passthru|shell_exec|popen|proc_open|pcntl_exec)\s{0,5}\(\s{0,5}@?(stripslashes\(|base64_decode\(|urldecode\(|trim\()?\s{0,5}@?\$_(POST|GET|REQUEST|COOKIE|SERVER\s{0,3}\[\s{0,3}['"]HTTP_)/ nocase
    $a2 = /\b(eval|assert)\s{0,5}\(\s{0,5}(gzinflate|gzuncompress|str_rot13|strrev|base64_decode)\s{0,5}\(\s{0,5}(base64_decode|gzinflate|str_rot13|strrev|gzuncompress|['"][A-Za-z0-9+\/=]{200})/ nocase
    $a3 = /\$_(POST|GET|REQUEST|COOKIE)\s{0,3}\[[^\]\r\n]{1,40}\]\s{0,3}\(\s{0,3}\$_(POST|GET|REQUEST|COOKIE)/ nocase
    $a4 = /create_function\s{0,5}\([^)\r\n]{0,60},\s{0,5}\$_(POST|GET|REQUEST|COOKIE)/ nocase
    $n1 = "c99shell" nocase
    $n2 = "r57shell" nocase
    $n3 = "b374k" nocase
    $n4 = "FilesMan"
    $n5 = "wso_version" nocase
    $e = /\b(eval|system|exec|passthru|shell_exec)\s{0,5}\(/ nocase
  condition: is_small_text and $p in (0..4096) and (any of ($a*) or (any of ($n*) and $e))
}

rule webshell_asp {
  meta: level = "malicious" threat = "webshell" about = "An ASP or ASP.NET page that runs what a visitor sends"
  strings:
    $p = "<%"
    $a1 = /<%\s{0,5}(eval|execute|executeglobal)\s{0,3}\(?\s{0,3}request(\.(form|querystring|item))?\s{0,3}[(\[]/ nocase
    $a2 = /eval\s{0,3}\(\s{0,3}Request\.(Item|Form|QueryString)?\s{0,3}\[\s{0,3}["'][^"'\r\n]{1,40}["']\s{0,3}\]\s{0,3},\s{0,3}["']unsafe["']/ nocase
    $b1 = "ProcessStartInfo" nocase
    $b2 = "cmd.exe" nocase
    $b3 = /Request(\.(Form|QueryString|Params|Item))?\s{0,3}[(\[]\s{0,3}["']/ nocase
    $b4 = "RedirectStandardOutput" nocase
    $b5 = "WScript.Shell" nocase
    $b6 = /\.Exec\s{0,3}\(/ nocase
  condition: is_small_text and $p in (0..4096) and (any of ($a*) or ($b1 and $b2 and $b3 and $b4) or ($b5 and $b2 and $b3 and $b6))
}

rule webshell_jsp {
  meta: level = "malicious" threat = "webshell" about = "A JSP page that runs what a visitor sends"
  strings:
    $p = "<%"
    $a = /Runtime\.getRuntime\(\)\s{0,3}\.exec\s{0,3}\([^;\r\n]{0,120}request\.getParameter/
    $b1 = "getRuntime().exec"
    $b2 = "request.getParameter(\"cmd\")"
    $b3 = "new ProcessBuilder("
    $c1 = "defineClass"
    $c2 = "ClassLoader"
    $c3 = "AES/"
    $c4 = "request.getReader().readLine()"
  condition: is_small_text and $p in (0..4096) and ($a or ($b2 and any of ($b1, $b3)) or ($c1 and $c2 and $c4 and $c3))
}
