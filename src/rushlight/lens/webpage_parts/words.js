// All that the page says, in both of its languages.

"use strict";

const WORDS = {
  en: {
    search: "Search: name, operation, module, file", fit: "Fit", unfold: "Unfold all", fold: "Fold all", open: "Unfold", shut: "Fold", depth: "Depth",
    theme: "Light or dark", language: "中文", help: "Keys", play: "Play backward", pause: "Pause", before: "before backward", step: "step",
    of: "of", close: "Close", nothing: "Nothing found", found: "found", formula: "Derivative", saved: "Saved for backward",
    savedNothing: "Saves nothing.", gradient: "Gradient that arrives", gradientOut: "Gradients that leave", noGradient: "No gradient reached this node.",
    later: "Not run yet: move the slider.", line: "Forward line", noLine: "Not recorded. Build the graph inside lens.record() to see the lines.",
    module: "Module", output: "Result", kind: "Kind", ran: "Runs as step", values: "values", norm: "norm", min: "min", max: "max", mean: "mean",
    std: "std", zeros: "zeros", nans: "NaN", infs: "infinite", bytes: "bytes", nodes: "nodes", parameters: "parameters",
    inside: "Inside", goes: "goes to", comes: "comes from", op: "operation", leaf: "leaf", parameter: "parameter", function: "custom Function", root: "output",
    moduleKind: "module", undefined: "none",
    legend: { op: "operation", leaf: "leaf: .grad collects here", function: "custom Function", module: "folded module", flowing: "gradient has passed (width: norm)", zero: "gradient is all zeros", broken: "gradient has NaN or infinity" },
    keys: [["/", "search; Enter: next"], ["← →", "one step back or forward"], ["space", "play or pause"], ["↑ ↓", "to the node before or after"], ["Enter", "fold or unfold the module at hand"], ["+ −", "zoom"], ["f", "fit to the window"], ["u", "unfold all"], ["o", "fold all"], ["t", "light or dark"], ["l", "English or Chinese"], ["Esc", "close"]],
  },
  zh: {
    search: "搜索：名称、运算、模块、文件", fit: "适应窗口", unfold: "全部展开", fold: "全部折叠", open: "展开", shut: "折叠", depth: "层数",
    theme: "浅色或深色", language: "English", help: "按键", play: "播放反向传播", pause: "暂停", before: "反向传播之前", step: "第",
    of: "步，共", close: "关闭", nothing: "没有找到", found: "个结果", formula: "导数公式", saved: "为反向传播保存的张量",
    savedNothing: "什么也不保存。", gradient: "传入的梯度", gradientOut: "传出的梯度", noGradient: "没有梯度到达这个节点。",
    later: "尚未执行：请拖动滑块。", line: "前向代码行", noLine: "没有记录。在 lens.record() 中建图即可看到代码行。",
    module: "模块", output: "结果", kind: "类型", ran: "执行顺序", values: "数值", norm: "范数", min: "最小", max: "最大", mean: "均值",
    std: "标准差", zeros: "零的比例", nans: "NaN", infs: "无穷", bytes: "字节", nodes: "个节点", parameters: "个参数",
    inside: "包含", goes: "流向", comes: "来自", op: "运算", leaf: "叶子", parameter: "参数", function: "自定义 Function", root: "输出",
    moduleKind: "模块", undefined: "无",
    legend: { op: "运算", leaf: "叶子：.grad 在此累积", function: "自定义 Function", module: "折叠的模块", flowing: "梯度已流过（粗细：范数）", zero: "梯度全为零", broken: "梯度含 NaN 或无穷" },
    keys: [["/", "搜索；回车：下一个"], ["← →", "后退或前进一步"], ["空格", "播放或暂停"], ["↑ ↓", "到前一个或后一个节点"], ["回车", "折叠或展开当前模块"], ["+ −", "缩放"], ["f", "适应窗口"], ["u", "全部展开"], ["o", "全部折叠"], ["t", "浅色或深色"], ["l", "中文或英文"], ["Esc", "关闭"]],
  },
};
