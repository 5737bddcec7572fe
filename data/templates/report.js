(function () {
  "use strict";
  var colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c8c8c"];
  var onPaper = false;
  function draw(canvas, turn) {
    var atoms = canvas.atoms || (canvas.atoms = JSON.parse(canvas.dataset.atoms));
    var g = canvas.getContext("2d"), w = canvas.width, h = canvas.height, s = w / 15, list = [], i, j;
    var ca = Math.cos(turn[0]), sa = Math.sin(turn[0]), cb = Math.cos(turn[1]), sb = Math.sin(turn[1]);
    var ink = matchMedia("(prefers-color-scheme: dark)").matches && !onPaper ? "#ddd" : "#222";
    g.clearRect(0, 0, w, h);
    atoms.forEach(function (a) {
      var x = ca * a[2] + sa * a[4], z = ca * a[4] - sa * a[2], y = cb * a[3] - sb * z;
      z = sb * a[3] + cb * z;
      list.push({ k: a[0], r: a[1], x: w / 2 + s * x, y: h / 2 - s * y, z: z, p: [a[2], a[3], a[4]] });
    });
    var parts = list.slice();
    for (i = 0; i < list.length; i++)
      for (j = 0; j < i; j++) {
        var a = list[i], b = list[j], d = Math.hypot(a.p[0] - b.p[0], a.p[1] - b.p[1], a.p[2] - b.p[2]);
        if (d < 1.15 * (a.r + b.r)) parts.push({ a: a, b: b, z: (a.z + b.z) / 2 - 0.01 });
      }
    parts.sort(function (p, q) { return p.z - q.z; });
    parts.forEach(function (p) {
      g.globalAlpha = Math.max(0.3, Math.min(1, 0.75 + p.z / 14));
      g.beginPath();
      if (p.a) {
        g.moveTo(p.a.x, p.a.y);
        g.lineTo(p.b.x, p.b.y);
        g.strokeStyle = ink;
        g.lineWidth = 3;
        g.stroke();
        return;
      }
      g.arc(p.x, p.y, s * p.r * 0.42, 0, 7);
      g.fillStyle = colours[Math.min(p.k, 6)];
      g.fill();
      g.lineWidth = 1;
      g.strokeStyle = ink;
      g.stroke();
    });
    g.globalAlpha = 1;
    g.strokeStyle = ink;
    g.beginPath();
    g.moveTo(w / 2 - 5, h / 2); g.lineTo(w / 2 + 5, h / 2);
    g.moveTo(w / 2, h / 2 - 5); g.lineTo(w / 2, h / 2 + 5);
    g.stroke();
  }
  function pair(box) {
    var turn = [0.4, 0.3], canvases = box.querySelectorAll("canvas"), last = null, seen = false;
    function all() { canvases.forEach(function (c) { draw(c, turn); }); }
    new IntersectionObserver(function (e) { if (!seen && e[0].isIntersecting) { seen = true; all(); } }).observe(box);
    addEventListener("beforeprint", function () { onPaper = true; all(); });
    addEventListener("afterprint", function () { onPaper = false; if (seen) all(); });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", function () { if (seen) all(); });
    canvases.forEach(function (c) {
      c.addEventListener("pointerdown", function (e) { last = [e.clientX, e.clientY]; c.setPointerCapture(e.pointerId); });
      c.addEventListener("pointerup", function () { last = null; });
      c.addEventListener("pointermove", function (e) {
        if (!last) return;
        turn[0] += (e.clientX - last[0]) / 120;
        turn[1] += (e.clientY - last[1]) / 120;
        last = [e.clientX, e.clientY];
        all();
      });
    });
  }
  document.querySelectorAll(".pair").forEach(pair);
})();
