@echo off
set "step=drvload"
for /r "%~dp0drivers" %%i in (*.inf) do drvload.exe "%%i" || ver > nul
if not "%errorlevel%"=="0" goto failed
set "step=diskpart.exe /s "%~dp0diskpart.txt""
diskpart.exe /s "%~dp0diskpart.txt"
if not "%errorlevel%"=="0" goto failed
set "step=find install.wim"
for %%d in (C D E F G H I J K) do if exist %%d:\sources\install.wim set source=/ImageFile:"%%d:\sources\install.wim"
if not "%errorlevel%"=="0" goto failed
set "step=find install.esd"
for %%d in (C D E F G H I J K) do if exist %%d:\sources\install.esd set source=/ImageFile:"%%d:\sources\install.esd"
if not "%errorlevel%"=="0" goto failed
set "step=find install.swm"
for %%d in (C D E F G H I J K) do if exist %%d:\sources\install.swm set source=/ImageFile:"%%d:\sources\install.swm" /SWMFile:"%%d:\sources\install*.swm"
if not "%errorlevel%"=="0" goto failed
set "step=dism /Apply-Image"
dism.exe /Apply-Image %source% /Index:6 /ApplyDir:W:\ > COM1
if not "%errorlevel%"=="0" goto failed
set "step=dism /Add-Driver"
dism.exe /Image:W:\ /Add-Driver /Driver:"%~dp0drivers" /Recurse > COM1
if not "%errorlevel%"=="0" goto failed
set "step=W:\Windows\System32\bcdboot.exe W:\Windows /s S: /f UEFI"
W:\Windows\System32\bcdboot.exe W:\Windows /s S: /f UEFI
if not "%errorlevel%"=="0" goto failed
set "step=if not exist W:\Windows\Panther\ mkdir W:\Windows\Panther"
if not exist W:\Windows\Panther\ mkdir W:\Windows\Panther
if not "%errorlevel%"=="0" goto failed
set "step=copy /y "%~dp0later.xml" W:\Windows\Panther\unattend.xml"
copy /y "%~dp0later.xml" W:\Windows\Panther\unattend.xml
if not "%errorlevel%"=="0" goto failed
set "step=dism.exe /Image:W:\ /Apply-Unattend:"%~dp0later.xml""
dism.exe /Image:W:\ /Apply-Unattend:"%~dp0later.xml"
if not "%errorlevel%"=="0" goto failed
set "step=wpeutil.exe reboot"
wpeutil.exe reboot
if not "%errorlevel%"=="0" goto failed
:restarting
goto restarting
:failed
set "code=%errorlevel%"
> COM1 echo WFVM:error=%code% %step%
exit /b %code%
