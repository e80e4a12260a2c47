;; SPDX-License-Identifier: MIT
(add-to-list 'auto-mode-alist '("\\.tul\\'" . python-mode))
(add-to-list 'interpreter-mode-alist '("tulip" . python-mode))
