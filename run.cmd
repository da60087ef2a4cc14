@echo off
rem The same as `make run`: finds a Python, bootstrap.py does the rest. Arguments are passed on (BACKEND=vulkan).
setlocal
cd /d "%~dp0"
set "PYTHON=python"
where py >nul 2>nul && set "PYTHON=py -3"
if exist ".venv\Scripts\python.exe" set "PYTHON=.venv\Scripts\python.exe"
%PYTHON% -c "import sys; sys.exit(sys.version_info < (3, 9))" >nul 2>nul
if errorlevel 1 (
  echo Bathysphere needs Python 3.11 or newer, and none was found: install one from python.org, then try again. 1>&2
  exit /b 1
)
%PYTHON% bootstrap.py run %*
exit /b %errorlevel%
