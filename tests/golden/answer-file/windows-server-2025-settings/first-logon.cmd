@echo off
echo WFVM:phase=firstLogon> COM1
set "step=net.exe accounts /maxpwage:unlimited"
net.exe accounts /maxpwage:unlimited
if not "%errorlevel%"=="0" goto failed
set "step=reg.exe import "%~dp0user.reg""
reg.exe import "%~dp0user.reg"
if not "%errorlevel%"=="0" goto failed
set "step=powercfg.exe /hibernate off"
powercfg.exe /hibernate off
if not "%errorlevel%"=="0" goto failed
set "step=powercfg.exe /change monitor-timeout-ac 0"
powercfg.exe /change monitor-timeout-ac 0
if not "%errorlevel%"=="0" goto failed
set "step=powercfg.exe /change monitor-timeout-dc 0"
powercfg.exe /change monitor-timeout-dc 0
if not "%errorlevel%"=="0" goto failed
set "step=powercfg.exe /change standby-timeout-ac 0"
powercfg.exe /change standby-timeout-ac 0
if not "%errorlevel%"=="0" goto failed
set "step=powercfg.exe /change standby-timeout-dc 0"
powercfg.exe /change standby-timeout-dc 0
if not "%errorlevel%"=="0" goto failed
set "step=firstLogonCommands[0]"
call "%~dp0first-logon-0.cmd"
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
