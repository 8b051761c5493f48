process.on('exit', () => process.stdout.write(`\n${Math.round(process.resourceUsage().maxRSS / 1024)}\n`));
