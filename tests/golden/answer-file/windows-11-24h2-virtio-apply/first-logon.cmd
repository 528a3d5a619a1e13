@echo off
echo WFVM:phase=firstLogon> COM1
set "step=net.exe accounts /maxpwage:unlimited"
net.exe accounts /maxpwage:unlimited
if not "%errorlevel%"=="0" goto failed
set "step=%SystemRoot%\System32\tar.exe -xf "%~dp0OpenSSH-Win64.zip" -C "%ProgramFiles%""
%SystemRoot%\System32\tar.exe -xf "%~dp0OpenSSH-Win64.zip" -C "%ProgramFiles%"
if not "%errorlevel%"=="0" goto failed
set "step=powershell.exe -NoProfile -ExecutionPolicy Bypass -File "%ProgramFiles%\OpenSSH-Win64\install-sshd.ps1""
powershell.exe -NoProfile -ExecutionPolicy Bypass -File "%ProgramFiles%\OpenSSH-Win64\install-sshd.ps1"
if not "%errorlevel%"=="0" goto failed
set "step=sc.exe config sshd start= auto"
sc.exe config sshd start= auto
if not "%errorlevel%"=="0" goto failed
set "step=net.exe start sshd"
net.exe start sshd
if not "%errorlevel%"=="0" goto failed
set "step=netsh.exe advfirewall firewall add rule name=sshd dir=in action=allow protocol=TCP localport=22"
netsh.exe advfirewall firewall add rule name=sshd dir=in action=allow protocol=TCP localport=22
if not "%errorlevel%"=="0" goto failed
echo WFVM:phase=ready> COM1
exit /b 0
:failed
set "code=%errorlevel%"
> COM1 echo WFVM:error=%code% %step%
exit /b %code%
