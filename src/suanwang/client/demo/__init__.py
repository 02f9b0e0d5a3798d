"""The main job: `suan demo` starts a control plane and three centres and does real work on them."""
