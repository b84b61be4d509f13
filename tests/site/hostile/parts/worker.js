/* Answers with what time it is: "busy" works for a while first, "patient" waits for three timers. */
onmessage = message => {
  const answer = count =>
    postMessage({count, now: Date.now(), running: performance.now(), chance: Math.random()});
  if (message.data === 'busy') {
    let sum = 0;
    for (let i = 0; i < 1e7; i++) sum = (sum + i * i) % 1000003;
    answer(sum);
  } else if (message.data === 'patient') {
    setTimeout(() => setTimeout(() => setTimeout(() => answer(3), 40), 40), 40);
  } else {
    answer(0);
  }
};
