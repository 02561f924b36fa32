@echo off
rem Starts collect.vbs beside this file; what it collects stands in COMPUTERNAME.json in the current folder.
cscript //nologo "%~dp0collect.vbs" %*
