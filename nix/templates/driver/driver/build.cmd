rem Builds what lies beside it, and leaves driver.inf, driver.cat and driver.sys in the folder out.
cd /d "%~dp0"
call "C:\Program Files (x86)\Microsoft Visual Studio\2019\Community\VC\Auxiliary\Build\vcvars64.bat" || exit /b 1
msbuild driver.sln /p:Configuration=Release /p:Platform=x64 /p:OutDir=%CD%\out\ || exit /b 1
