# SPDX-License-Identifier: MIT
# _slurm_up.sh - a cluster of this one machine: munged, slurmctld and slurmd of Debian, with all that is theirs in
# $slurm_dir. Sets SLURM_CONF; slurm_down ends it. To be sourced, as root.
: "${slurm_dir:?folder of the cluster}"
slurm_host=$(hostname -s)
mkdir -p "$slurm_dir/state" "$slurm_dir/spool" "$slurm_dir/munge"
chmod 755 "$slurm_dir" # munged wants a path that others cannot change
chmod 711 "$slurm_dir/munge"
head -c 1024 /dev/urandom >"$slurm_dir/munge.key"
chmod 400 "$slurm_dir/munge.key"
cat >"$slurm_dir/slurm.conf" <<END
ClusterName=test
SlurmctldHost=$slurm_host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$slurm_dir/munge/socket
MpiDefault=none
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=0
StateSaveLocation=$slurm_dir/state
SlurmdSpoolDir=$slurm_dir/spool
SlurmctldPidFile=$slurm_dir/slurmctld.pid
SlurmdPidFile=$slurm_dir/slurmd.pid
SlurmctldLogFile=$slurm_dir/slurmctld.log
SlurmdLogFile=$slurm_dir/slurmd.log
SlurmctldPort=17917
SlurmdPort=17918
SlurmdParameters=config_overrides
ReturnToService=2
JobRequeue=1
KillWait=2
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName=$slurm_host NodeAddr=127.0.0.1 CPUs=4 RealMemory=1000 State=UNKNOWN
PartitionName=debug Nodes=$slurm_host Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF="$slurm_dir/slurm.conf"
slurm_down() {
    for pid in "$slurm_dir"/slurmd.pid "$slurm_dir"/slurmctld.pid "$slurm_dir"/munge/pid; do
        [ ! -f "$pid" ] || kill "$(cat "$pid")" 2>/dev/null || :
    done
}
/usr/sbin/munged --force --key-file="$slurm_dir/munge.key" --socket="$slurm_dir/munge/socket" \
    --pid-file="$slurm_dir/munge/pid" --log-file="$slurm_dir/munge/log" --seed-file="$slurm_dir/munge/seed"
/usr/sbin/slurmctld -f "$SLURM_CONF"
sleep 2
/usr/sbin/slurmd -f "$SLURM_CONF" -N "$slurm_host"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    sinfo -h -o %T 2>/dev/null | grep -q idle && break
    sleep 1
done
