@echo off
echo %USERNAME% > C:\who.txt & exit /b 0
