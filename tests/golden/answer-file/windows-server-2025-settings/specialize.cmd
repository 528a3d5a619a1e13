@echo off
set "step=reg.exe import "%~dp0machine.reg""
reg.exe import "%~dp0machine.reg"
if not "%errorlevel%"=="0" goto failed
set "step=if exist %SystemDrive%\Users\Default\NTUSER.DAT reg.exe load HKU\wfvm-default-user %SystemDrive%\Users\Default\NTUSER.DAT"
if exist %SystemDrive%\Users\Default\NTUSER.DAT reg.exe load HKU\wfvm-default-user %SystemDrive%\Users\Default\NTUSER.DAT
if not "%errorlevel%"=="0" goto failed
set "step=if exist %SystemDrive%\Users\Default\NTUSER.DAT reg.exe import "%~dp0default-user.reg""
if exist %SystemDrive%\Users\Default\NTUSER.DAT reg.exe import "%~dp0default-user.reg"
if not "%errorlevel%"=="0" goto failed
set "step=if exist %SystemDrive%\Users\Default\NTUSER.DAT reg.exe unload HKU\wfvm-default-user"
if exist %SystemDrive%\Users\Default\NTUSER.DAT reg.exe unload HKU\wfvm-default-user
if not "%errorlevel%"=="0" goto failed
set "step=if not exist "C:\tools\bin\" mkdir "C:\tools\bin""
if not exist "C:\tools\bin\" mkdir "C:\tools\bin"
if not "%errorlevel%"=="0" goto failed
set "step=copy /y /b "%~dp0place-0.bin" "C:\tools\bin\tool.exe""
copy /y /b "%~dp0place-0.bin" "C:\tools\bin\tool.exe"
if not "%errorlevel%"=="0" goto failed
exit /b 0
:failed
set "code=%errorlevel%"
> COM1 echo WFVM:error=%code% %step%
exit /b %code%
