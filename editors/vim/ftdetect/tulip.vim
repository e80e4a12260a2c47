" SPDX-License-Identifier: MIT
autocmd BufNewFile,BufRead *.tul setfiletype python
