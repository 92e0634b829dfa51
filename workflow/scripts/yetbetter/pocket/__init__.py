"""The pocket world: templated arithmetic word problems, and tiny language models trained on them."""
